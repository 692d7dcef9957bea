//go:build unix

package e2e

import (
	"bufio"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/cmd/fantail/internal/servetest"
	"fantail/hub/nettest"
	"fantail/hub/peertest"
	"fantail/hub/skiptest"
)

// TestChat relays a channel of a real chat server, InspIRCd over WebSocket, with
// the example's settings and its address changed: through pings, lines that look
// like commands, and a restart of the server.
func TestChat(t *testing.T) {
	parallel(t)
	program, err := exec.LookPath("inspircd")
	if err != nil {
		skiptest.Skip(t, "REQUIRE_CHAT", "inspircd (apt-get install inspircd)", "a real chat server behind a relay (%v)", err)
	}
	s := newChatServer(t, program)
	s.start()
	env := append(envFile(t, "irc"), "FANTAIL_SOURCE_URL=ws://"+s.socket+"/", "FANTAIL_LOG_LEVEL=debug")
	r := servetest.Start(t, env...)
	client := subscribeAll(t, 1, r.Addr, "/ws")[0]

	alice := s.connect("alice")
	said := []string{"hello", "PING :fool", ":irc.example.org 465 fantail :banned", "ERROR :é", "good bye"}
	for _, text := range said {
		alice.say(text)
		time.Sleep(2 * time.Second) // the server pings every four seconds, and cuts a client that has not answered by the next ping
		checkChat(t, client, "alice", text)
	}
	if n := r.Metric("fantail_feed_outage_seconds_total"); n != 0 {
		t.Errorf("the source was away for %v s", n)
	}

	s.stop()
	peertest.Eventually(t, "the relay notices", func() bool { return r.Metric("fantail_feed_connected") == 0 })
	s.start()
	bob := s.connect("bob")
	bob.say("again")
	checkChat(t, client, "bob", "again")
}

// checkChat reads what a client gets next: somebody joins or leaves, or says this.
func checkChat(t *testing.T, client *subscriber, nick, text string) {
	t.Helper()
	client.conn.SetReadDeadline(time.Now().Add(peertest.Patience))
	for {
		op, line, err := client.frame()
		if err != nil {
			t.Fatalf("waiting for %q: %v", text, err)
		}
		if op == 9 {
			client.answer(10, line)
			continue
		}
		from, rest, _ := strings.Cut(string(line), " ")
		switch {
		case !strings.Contains(from, "!"), strings.HasPrefix(from, ":fantail!"):
			t.Errorf("the relay did not drop %q", line)
		case strings.HasPrefix(rest, "JOIN "), strings.HasPrefix(rest, "QUIT "):
		case strings.HasPrefix(from, ":"+nick+"!") && rest == "PRIVMSG #live :"+text:
			return
		default:
			t.Fatalf("got %q, want %s to say %q", line, nick, text)
		}
	}
}

// chatServer is an InspIRCd.
type chatServer struct {
	t               *testing.T
	program, folder string
	plain, socket   string // addresses of IRC as such and over WebSocket
	cmd             *exec.Cmd
}

func newChatServer(t *testing.T, program string) *chatServer {
	t.Helper()
	s := &chatServer{t: t, program: program, folder: t.TempDir(), plain: nettest.FreeAddr(t), socket: nettest.FreeAddr(t)}
	_, plain, _ := net.SplitHostPort(s.plain)
	_, socket, _ := net.SplitHostPort(s.socket)
	cmdtest.WriteFile(t, filepath.Join(s.folder, "inspircd.conf"), fmt.Sprintf(`<config format="xml">
<server name="irc.example.org" description="test" network="Test">
<admin name="test" nick="test" email="test@example.org">
<bind address="127.0.0.1" port="%s" type="clients">
<bind address="127.0.0.1" port="%s" type="clients" hook="websocket">
<connect allow="*" pingfreq="4" timeout="60" resolvehostnames="no" useconnflood="no" localmax="100" globalmax="100">
<module name="sha1">
<module name="websocket">
<wsorigin allow="https://chat.example.org">
<pid file="%[3]s/pid">
<log method="file" type="*" level="default" target="%[3]s/log">
<path configdir="%[3]s" datadir="%[3]s" logdir="%[3]s" runtimedir="%[3]s">
`, plain, socket, s.folder))
	t.Cleanup(s.stop)
	return s
}

// start starts the server and waits until it listens.
func (s *chatServer) start() {
	s.t.Helper()
	s.cmd = exec.Command(s.program, "--config="+filepath.Join(s.folder, "inspircd.conf"), "--nofork", "--runasroot")
	var output strings.Builder
	s.cmd.Stdout, s.cmd.Stderr = &output, &output
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	late := time.After(peertest.Patience)
	for {
		conn, err := net.Dial("tcp", s.plain)
		if err == nil {
			conn.Close()
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-late:
			s.stop()
			s.t.Fatalf("inspircd does not listen:\n%s", output.String())
		}
	}
}

// stop ends the server, if it runs.
func (s *chatServer) stop() {
	if s.cmd == nil {
		return
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.cmd.Wait()
	s.cmd = nil
}

// speaker is somebody in the channel, without a relay.
type speaker struct {
	t    *testing.T
	conn net.Conn
}

// connect lets somebody join, after the relay is there to hear it.
func (s *chatServer) connect(nick string) *speaker {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.plain)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "NICK %s\r\nUSER %[1]s 0 * :%[1]s\r\n", nick)
	there := make(chan bool, 1)
	go func() { // ended by closing conn
		defer close(there)
		found := false
		lines := bufio.NewScanner(conn)
		for lines.Scan() {
			verb, rest, _ := strings.Cut(lines.Text(), " ")
			numeric, _, _ := strings.Cut(rest, " ")
			switch {
			case verb == "PING":
				fmt.Fprintf(conn, "PONG %s\r\n", rest)
			case numeric == "001":
				fmt.Fprint(conn, "JOIN #live\r\n")
			case found:
			case numeric == "353" && strings.Contains(rest, "fantail"), strings.HasPrefix(verb, ":fantail!"):
				found = true
				there <- true
			}
		}
	}()
	select {
	case ok := <-there:
		if !ok {
			s.t.Fatalf("%s was cut", nick)
		}
	case <-time.After(peertest.Patience):
		s.t.Fatal("the relay did not join the channel")
	}
	return &speaker{s.t, conn}
}

func (c *speaker) say(text string) {
	c.t.Helper()
	if _, err := fmt.Fprintf(c.conn, "PRIVMSG #live :%s\r\n", text); err != nil {
		c.t.Error(err)
	}
}
