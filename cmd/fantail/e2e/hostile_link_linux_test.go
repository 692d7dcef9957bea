package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"fantail/hub/peertest"
	"fantail/hub/skiptest"
)

// S6: the link to a client goes down and nothing tells the relay. The client is
// reaped within ping and pong time, although its socket fills up meanwhile.
func TestS6LinkGoesDown(t *testing.T) {
	parallel(t)
	ns, ours, theirs := link(t)
	const ping, pong = time.Second, 5 * time.Second // the healthy client may lack the processor for a while
	r := startRelayProcess(t, demoFeed, "FANTAIL_LISTEN=0.0.0.0:0", "FANTAIL_PING_INTERVAL="+ping.String(), "FANTAIL_PONG_TIMEOUT="+pong.String())
	_, port, _ := strings.Cut(r.Addr, ":")
	r.Addr = "127.0.0.1:" + port
	before := r.footprint()
	w := watchHealthy(t, r)
	far := launchUnder(t, []string{"ip", "netns", "exec", ns}, "client", []string{ours + ":" + port})
	far.find(`joined (\S+)`)
	peertest.Eventually(t, "two clients", func() bool { return r.Metric(`fantail_clients{transport="ws"}`) == 2 })
	ip(t, "netns", "exec", ns, "ip", "link", "set", theirs, "down")
	down := time.Now()
	peertest.Eventually(t, "reaped as silent", func() bool { return r.Metric(`fantail_client_leaves_total{reason="silent"}`) == 1 })
	if took := time.Since(down); took > 2*(ping+pong)+10*time.Second { // the kernel would take minutes; TestPing of hub has the time to the second
		t.Errorf("took %v, ping and pong time is %v", took, ping+pong)
	}
	w.check()
	r.returnsTo(before, 4<<20)
}

// link makes a network namespace that a pair of interfaces joins to this one. It
// returns its name, the address of our end and the name of theirs. If that is
// not permitted, the test is left out, or fails with REQUIRE_NETNS=1.
func link(t *testing.T) (namespace, ours, theirs string) {
	t.Helper()
	id := os.Getpid() % 10_000
	namespace, theirs = fmt.Sprintf("fantail%d", id), fmt.Sprintf("ftb%d", id)
	near := fmt.Sprintf("fta%d", id)
	if out, err := exec.Command("ip", "netns", "add", namespace).CombinedOutput(); err != nil {
		skiptest.Skip(t, "REQUIRE_NETNS", "ip netns (root, and apt-get install iproute2)", "a link that goes down without a reset (%v %s)", err, out)
	}
	t.Cleanup(func() { exec.Command("ip", "netns", "del", namespace).Run() })
	if out, err := exec.Command("ip", "link", "add", near, "type", "veth", "peer", "name", theirs, "netns", namespace).CombinedOutput(); err != nil {
		skiptest.Skip(t, "REQUIRE_NETNS", "a kernel with veth", "a link that goes down without a reset (%v %s)", err, out)
	}
	t.Cleanup(func() { exec.Command("ip", "link", "del", near).Run() })
	net := fmt.Sprintf("10.%d.%d.", 200+id/250%50, id%250)
	ip(t, "addr", "add", net+"1/30", "dev", near)
	ip(t, "link", "set", near, "up")
	ip(t, "netns", "exec", namespace, "ip", "addr", "add", net+"2/30", "dev", theirs)
	ip(t, "netns", "exec", namespace, "ip", "link", "set", theirs, "up")
	return namespace, net + "1", theirs
}

func ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v %s", strings.Join(args, " "), err, out)
	}
}
