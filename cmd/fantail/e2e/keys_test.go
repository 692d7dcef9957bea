//go:build unix

package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/cmd/fantail/internal/servetest"
	"fantail/hub/nettest"
	"fantail/hub/peertest"
)

// envelopeLine is an envelope or a notice, as /stream has one a line.
type envelopeLine struct {
	Pos, Key, Notice, State string
	Data                    struct {
		Type string
		N    int
	}
}

// streamLines opens /stream or /snapshot; next returns line after line. All of
// them have to come within some minutes.
func streamLines(t *testing.T, url string) (next func() (envelopeLine, error)) {
	t.Helper()
	client := http.Client{Timeout: 5 * peertest.Patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != 200 {
		t.Fatalf("GET %s: %s", url, resp.Status)
	}
	lines := bufio.NewScanner(resp.Body)
	return func() (line envelopeLine, err error) {
		if !lines.Scan() {
			return line, io.EOF
		}
		return line, json.Unmarshal(lines.Bytes(), &line)
	}
}

// TestKeysSnapshotAndPolicy drives the settings of keys through a relay.
func TestKeysSnapshotAndPolicy(t *testing.T) {
	parallel(t)
	r := servetest.Start(t, "FANTAIL_SOURCE_URL=demo:?rate=1000", "FANTAIL_SOURCE_KEY=type", "FANTAIL_SNAPSHOT=last",
		"FANTAIL_SLOW_POLICY=conflate", "FANTAIL_CLIENT_POLICY=false", "FANTAIL_KEY_REQUIRED=true")
	next := streamLines(t, "http://"+r.Addr+"/stream?key=trade")
	for seen := 0; seen < 20; {
		line, err := next()
		if err != nil {
			t.Fatal(err)
		}
		if line.Notice != "" {
			continue
		}
		if seen++; line.Key != "trade" || line.Data.Type != "trade" {
			t.Fatalf("got %+v of another key", line)
		}
	}
	peertest.Eventually(t, "a snapshot of both keys", func() bool {
		keys := map[string]bool{}
		next := streamLines(t, "http://"+r.Addr+"/snapshot")
		for {
			line, err := next()
			if err == io.EOF {
				return len(keys) == 2 && keys["trade"] && keys["quote"]
			}
			if err != nil || keys[line.Key] {
				t.Fatalf("%v, %+v after %v", err, line, keys)
			}
			keys[line.Key] = true
		}
	})
	for query, want := range map[string]string{
		"": "requires keys", "?key=trade&policy=skip": "may not choose", "?key=trade&policy=conflate": "",
	} {
		resp, err := http.Get("http://" + r.Addr + "/stream" + query)
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			resp.Body.Close()
			if resp.StatusCode != 200 {
				t.Errorf("%s: %s", query, resp.Status)
			}
			continue
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 400 || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s, %s", query, resp.Status, body)
		}
	}
}

// TestSettingsWithoutKeysWarn: a snapshot of one message is hardly intended.
func TestSettingsWithoutKeysWarn(t *testing.T) {
	parallel(t)
	source := "FANTAIL_SOURCE_URL=replay:" + cmdtest.Record(t, 0, cmdtest.Text("x"))
	r := servetest.Start(t, source, "FANTAIL_SNAPSHOT=last", "FANTAIL_KEY_REQUIRED=true")
	for _, want := range []string{"FANTAIL_SNAPSHOT=none", "FANTAIL_KEY_REQUIRED=false"} {
		if !strings.Contains(r.Text(), want) {
			t.Errorf("no warning of %s in %s", want, r.Text())
		}
	}
	if r := servetest.Start(t, source, "FANTAIL_SNAPSHOT=last", "FANTAIL_SOURCE_KEY=k"); strings.Contains(r.Text(), "have no keys") {
		t.Errorf("warns although there is a key: %s", r.Text())
	}
}

// TestClientsAreToldOfTheSource: a source that dies and comes back.
func TestClientsAreToldOfTheSource(t *testing.T) {
	parallel(t)
	source, file := nettest.FreeAddr(t), cmdtest.Record(t, time.Millisecond, cmdtest.Text("{}"), cmdtest.Text("{}"))
	replay := func() *process { return launch(t, "fantail", []string{"replay", file, "-listen", source, "-loop"}) }
	first := replay()
	first.find(`(relay it with)`)
	r := servetest.Start(t, "FANTAIL_SOURCE_URL=ws://"+source+"/")
	next := streamLines(t, "http://"+r.Addr+"/stream")
	for flows := false; !flows; { // what it was told before is of the beginning
		line, err := next()
		if err != nil {
			t.Fatal(err)
		}
		flows = line.Notice == ""
	}
	told := func(state string) {
		t.Helper()
		for {
			line, err := next()
			if err != nil {
				t.Fatalf("%v, before the source was told to be %s", err, state)
			}
			if line.Notice == "source" {
				if line.State != state {
					t.Fatalf("the source is told to be %s, want %s", line.State, state)
				}
				return
			}
		}
	}
	first.signal(os.Kill)
	told("down")
	replay()
	told("up")
}
