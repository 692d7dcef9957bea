//go:build unix

package e2e

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/cmd/fantail/internal/servetest"
	"fantail/hub/peertest"
	"fantail/hub/skiptest"
)

// curl gets the newest message of each key, in order, and with them the place to
// go on from: there it gets the missing messages.
func TestSnapshotByCurl(t *testing.T) {
	parallel(t)
	if _, err := exec.LookPath("curl"); err != nil {
		skiptest.Skip(t, "REQUIRE_JUDGES", "curl (apt-get install curl)", "what curl makes of /snapshot (%v)", err)
	}
	file := filepath.Join(t.TempDir(), "keys.ndjson")
	var lines strings.Builder
	for i := range 50 {
		fmt.Fprintf(&lines, "%d\t{\"k\":\"k%d\",\"n\":%d}\n", 1_700_000_000_000_000_000+i, i%7%5, i+1)
	}
	cmdtest.WriteFile(t, file, lines.String())
	r := servetest.Start(t, "FANTAIL_SOURCE_URL=replay:"+file, "FANTAIL_SOURCE_KEY=k", "FANTAIL_SNAPSHOT=last")
	peertest.Eventually(t, "the recording is held", func() bool { return r.Metric("fantail_ring_messages") == 50 })
	peertest.Eventually(t, "the snapshot holds it", func() bool {
		resp, err := http.Get("http://" + r.Addr + "/snapshot?key=none")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return strings.HasSuffix(resp.Header.Get("Fantail-Position"), "-50")
	})
	for query, want := range map[string][]int{"": {45, 46, 47, 49, 50}, "?key=k0": {50}, "?key=k*&key=x": {45, 46, 47, 49, 50}} {
		out, err := exec.Command("curl", "--silent", "--fail", "http://"+r.Addr+"/snapshot"+query).Output()
		got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		if err != nil || len(got) != len(want) {
			t.Fatalf("%q: %v, %q", query, err, got)
		}
		for i, n := range want {
			if !strings.Contains(got[i], fmt.Sprintf(`-%d","key":"k`, n)) || !strings.Contains(got[i], fmt.Sprintf(`"n":%d}}`, n)) {
				t.Errorf("%q: line %d is %s, want message %d", query, i+1, got[i], n)
			}
		}
	}
}
