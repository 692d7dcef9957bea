//go:build unix

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"fantail/cmd/fantail/e2e/sourcetest"
	"fantail/hub/nettest"
	"fantail/hub/peertest"
)

// readmeBlocks returns the README's shell blocks.
func readmeBlocks(t *testing.T) (blocks []string) {
	t.Helper()
	b, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?s)\n```sh\n(.*?)```").FindAllStringSubmatch(string(b), -1) {
		blocks = append(blocks, m[1])
	}
	return blocks
}

// TestReadmeCommands runs the README's shell blocks as they are printed, at the root of
// the repository. Only the ports differ, because they must be free. A block that cannot
// run here has a reason in the table, and a new block needs a row.
func TestReadmeCommands(t *testing.T) {
	parallelUnlessRaced(t)
	kinds := []struct {
		contains string
		check    func(t *testing.T, script string)
		reason   string
	}{
		{contains: "docker", reason: "needs a container engine; the gate builds and runs the image by other means"},
		{contains: "wss://", reason: "needs a source on the internet"},
		{contains: "go test", reason: "is what runs this test, or runs for an hour"},
		{contains: "examples/sources", check: readmeSource},
		{contains: "kill -STOP", check: readmeSlowClient},
		{contains: "tail -n 5", check: readmeTail},
		{contains: "go run ./cmd/fantail\n", check: readmeFirstRun},
		{contains: "bench", reason: "is run when its figures are measured"},
		{contains: "curl", reason: "is shown beside a relay that runs; the end-to-end tests ask the same"},
	}
	for i, block := range readmeBlocks(t) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			parallelUnlessRaced(t)
			for _, k := range kinds {
				if !strings.Contains(block, k.contains) {
					continue
				}
				if k.check == nil {
					t.Logf("not run here: it %s:\n%s", k.reason, block)
					return
				}
				k.check(t, block)
				return
			}
			t.Errorf("nobody knows how to try this block of the README:\n%s", block)
		})
	}
}

// shell runs a script in a copy's root with ports of its own. The script and all
// it started end with the test, or when it takes too long.
func shell(t *testing.T, script string) *process {
	t.Helper()
	root, dir := "../../..", t.TempDir()
	public, admin := nettest.FreeAddr(t), nettest.FreeAddr(t)
	script = strings.NewReplacer("127.0.0.1:9090", admin, "localhost:8080", public,
		"go build ./cmd/fantail", "cp "+plainProgram(t)+" ./fantail",
		"go run ./cmd/fantail", plainProgram(t)).Replace(script)
	cmd := exec.Command("sh", "-euc", script)
	if strings.Contains(script, "./fantail") {
		root = dir
	}
	cmd.Dir, _ = filepath.Abs(root)
	cmd.Env = append(os.Environ(), "FANTAIL_LISTEN="+public, "FANTAIL_ADMIN_LISTEN="+admin)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p := &process{t: t, cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.out, &p.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { // ended by the kill below
		p.err = cmd.Wait()
		close(p.ended)
	}()
	late := time.AfterFunc(4*peertest.Patience, func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	t.Cleanup(func() {
		late.Stop()
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-p.ended
		if t.Failed() {
			t.Logf("%s\n%s", script, p.text())
		}
	})
	return p
}

func readmeFirstRun(t *testing.T, script string) {
	s, err := openSubscriber(shell(t, script).find(`feed +ws://(\S+)/ws`), "/ws", 4<<10)
	if err != nil {
		t.Fatal(err)
	}
	s.conn.Close()
}

// readmeSource runs an example of a real feed, with a server of the test's in the
// place of the internet.
func readmeSource(t *testing.T, script string) {
	name := firstGroup(script, `examples/sources/(\w+)\.env`)
	server := sourcetest.New(sourcetest.Config{Protocol: protocolOf(name), Every: 10 * time.Millisecond})
	t.Cleanup(server.Close)
	p := shell(t, "export "+strings.Join(internet(t, server), " ")+"\n"+script)
	s, err := openSubscriber(p.find(`feed +ws://(\S+)/ws`), "/ws", 4<<10)
	if err != nil {
		t.Fatal(err)
	}
	defer s.conn.Close()
	if message, err := s.message(); err != nil || !slices.Contains(server.Sent(), string(message)) {
		t.Errorf("got %q, %v", message, err)
	}
}

func readmeTail(t *testing.T, script string) {
	log := filepath.Join(t.TempDir(), "relay.log")
	p := shell(t, plainProgram(t)+" >"+log+" 2>&1 & RELAY=$!\n"+script+"kill $RELAY") // which tail may come before
	if <-p.ended; p.err != nil || strings.Count(p.text(), `"demo":true`) < 5 {
		t.Errorf("%v, and it shows %q", p.err, p.text())
	}
}

func readmeSlowClient(t *testing.T, script string) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("the README's commands use curl; install it")
	}
	var n string
	for range 3 { // the healthy client may lack the processor and be slow too: the best of three counts
		p := shell(t, script)
		if <-p.ended; p.err != nil {
			t.Fatal(p.err)
		}
		if n = firstGroup(p.text(), `leaves_total\{reason="slow"\} (\d+)`); n == "1" {
			return
		}
	}
	t.Errorf("%q clients were evicted as slow, want 1", n)
}
