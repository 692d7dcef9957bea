//go:build unix

package e2e

import (
	"bufio"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fantail/cmd/fantail/internal/servetest"
	"fantail/hub/nettest"
	"fantail/hub/peertest"
	"fantail/hub/skiptest"
)

// TestHTTPSourceThatIsNotOurs: a server of Python's cuts every connection within
// an event, and keeps what it sent: clients get every event once, in order.
func TestHTTPSourceThatIsNotOurs(t *testing.T) {
	parallel(t)
	cmd := exec.Command("/usr/bin/python3", filepath.Join("testdata", "judges", "events.py"), "40")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		skiptest.Skip(t, "REQUIRE_JUDGES", "python3 (apt-get install python3)", "an event stream that is not ours (%v)", err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var port int
	fmt.Sscanf(line, "listening on %d", &port)
	r := servetest.Start(t, fmt.Sprintf("FANTAIL_SOURCE_URL=http://127.0.0.1:%d/", port))
	c := subscribeAll(t, 1, r.Addr, "/ws?last=1000000")[0]
	c.conn.SetReadDeadline(time.Now().Add(2 * peertest.Patience))
	for n := 1; n <= 200; n++ {
		p, err := c.message()
		if want := fmt.Sprintf("{\"n\":%d,\n\"é\":1}", n); err != nil || string(p) != want {
			t.Fatalf("got %q, %v; want %q", p, err, want)
		}
	}
	if n := r.Reconnects("lost"); n < 5 {
		t.Errorf("%v cuts were counted", n)
	}
}

// TestRelaysInATree: a relay whose source is another one's /sse or /stream passes
// on every message, over kills of the connection between them.
func TestRelaysInATree(t *testing.T) {
	parallel(t)
	const total = 3000
	for _, path := range []string{"/sse", "/stream"} {
		root := servetest.Start(t, "FANTAIL_SOURCE_URL=replay:"+ticks(t, total, 100, time.Millisecond))
		proxy := cutTimes(t, root.Addr, 4)
		leaf := servetest.Start(t, "FANTAIL_SOURCE_URL=http://"+proxy.addr+path+"?last=1000000")
		c := subscribeAll(t, 1, leaf.Addr, "/ws?last=1000000")[0]
		c.conn.SetReadDeadline(time.Now().Add(2 * peertest.Patience))
		first := -1
		for n := 0; n < total; n++ {
			p, err := c.message()
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if first < 0 {
				first = number(p)
				n = first
			}
			if number(p) != n {
				t.Fatalf("%s: got %.40q, want %d", path, p, n)
			}
		}
		if first > 0 {
			t.Errorf("%s: began with %d", path, first)
		}
		if n := leaf.Reconnects("lost"); n < 4 {
			t.Errorf("%s: %v cuts were counted", path, n)
		}
	}
}

// TestFailoverOfProcesses kills the source that is in use. The clients get the messages of
// the other source and are told of the change, and the figures say which source is in
// use. TestFailoverWithinASecond bounds the time that this takes.
func TestFailoverOfProcesses(t *testing.T) {
	parallel(t)
	file := ticks(t, 1000, 100, 10*time.Millisecond)
	var addrs []string
	var sources []*process
	for range 2 {
		addr := nettest.FreeAddr(t)
		p := launch(t, "fantail", []string{"replay", file, "-loop", "-listen", addr})
		p.find(`(ws://)`)
		addrs, sources = append(addrs, "ws://"+addr+"/"), append(sources, p)
	}
	r := servetest.Start(t, "FANTAIL_SOURCE_URL="+strings.Join(addrs, " "))
	peertest.Eventually(t, "connected", func() bool { return r.Metric("fantail_feed_connected") == 1 })
	line := func(i int) string {
		return fmt.Sprintf(`fantail_source_connected{index="%d",source="%s"}`, i, addrs[i])
	}
	used := 0
	if r.Metric(line(1)) == 1 {
		used = 1
	}
	if r.Metric(line(1-used)) != 0 {
		t.Error("both sources are connected")
	}
	resp, err := http.Get("http://" + r.Addr + "/sse")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw := subscribeAll(t, 1, r.Addr, "/ws")[0]
	previous := -1
	for range 5 {
		p, err := raw.message()
		if err != nil {
			t.Fatal(err)
		}
		previous = number(p)
	}
	sources[used].signal(syscall.SIGKILL)
	<-sources[used].ended
	died := time.Now()
	peertest.Eventually(t, "the other one is connected", func() bool { return r.Metric(line(1-used)) == 1 && r.Metric(line(used)) == 0 })
	raw.conn.SetReadDeadline(time.Now().Add(peertest.Patience))
	for next := previous + 1; ; next++ {
		p, err := raw.message()
		if err != nil {
			t.Fatalf("no message of the second source within %v: %v", time.Since(died), err)
		}
		if number(p) != next { // the second source begins at its first message
			break
		}
	}
	t.Logf("first message of the second source %v after the first one's end", time.Since(died))
	scan := bufio.NewScanner(resp.Body)
	for scan.Scan() && !strings.Contains(scan.Text(), `"notice":"source"`) {
	}
	if !strings.Contains(scan.Text(), `"state":"`) {
		t.Errorf("told %q", scan.Text())
	}
	if !strings.Contains(r.Get("/readyz?source"), "ready") {
		t.Error("not ready although the second source is there")
	}
}
