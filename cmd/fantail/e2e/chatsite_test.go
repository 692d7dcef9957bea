//go:build unix

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"fantail/feed/brokertest"
	"fantail/hub/nettest"
	"fantail/hub/peertest"
)

// chatSite is examples/chat at work: Redis, two relays of each kind as processes,
// and nginx before them with the example's own configuration.
type chatSite struct {
	t     testing.TB
	redis *redis.Client
	addr  string // nginx
	rooms []*chatRelay
}

// chatRelay is a relay that can be restarted at its address.
type chatRelay struct {
	*relayProcess
	env []string
}

func startChat(t testing.TB) *chatSite {
	t.Helper()
	server := brokertest.Redis(t, "--appendfsync", "everysec")
	s := &chatSite{t: t, redis: redis.NewClient(&redis.Options{Addr: server.Addr, DialerRetries: 1, ReadTimeout: peertest.Patience})}
	t.Cleanup(func() { s.redis.Close() })
	s.post("lobby", "0") // a relay is connected once there is a stream
	hosts := []string{"/etc/nginx/users", exampleFile(t, "users"), "/usr/share/nginx/chat;", exampleFile(t, "page") + ";",
		"/usr/share/nginx/chat-client", exampleFile(t, "../client")}
	for _, name := range []string{"rooms", "private"} {
		for n := range 2 {
			addr := nettest.FreeAddr(t)
			r := &chatRelay{env: append(exampleEnv(t, name+".env", server.Addr), "FANTAIL_LISTEN="+addr, "FANTAIL_DRAIN_WINDOW=2s")}
			r.relayProcess = startRelayProcess(t, r.env...)
			r.Find(`(source is connected)`)
			if name == "rooms" {
				s.rooms = append(s.rooms, r)
			}
			hosts = append(hosts, fmt.Sprintf("%s-%d:8080", name, n+1), addr)
		}
	}
	s.addr = brokertest.Nginx(t, func(addr, dir string) string {
		text, err := os.ReadFile(exampleFile(t, "nginx.conf"))
		if err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, "listen 80;", "listen "+addr+"; access_log off; client_body_temp_path "+dir+"; proxy_temp_path "+dir+";")
		return strings.NewReplacer(hosts...).Replace(string(text))
	}).Addr
	return s
}

// exampleFile returns the path of a file of the example.
func exampleFile(t testing.TB, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "..", "examples", "chat", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// exampleEnv reads a relay's variables, with the addresses of the test.
func exampleEnv(t testing.TB, name, redisAddr string) (env []string) {
	t.Helper()
	text, err := os.ReadFile(exampleFile(t, name))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(strings.NewReplacer("//redis/", "//"+redisAddr+"/", "172.28.0.0/24", "127.0.0.1").Replace(string(text))) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			env = append(env, line)
		}
	}
	return env
}

// post adds a message of a room, numbered or an end.
func (s *chatSite) post(room, n string) { s.add("room", room, "n", n) }

// add adds a message of these fields.
func (s *chatSite) add(fields ...any) {
	err := s.redis.XAdd(context.Background(), &redis.XAddArgs{Stream: "chat", MaxLen: 100_000, Approx: true, Values: fields}).Err()
	if err != nil {
		s.t.Error(err)
	}
}

// restart ends a relay by a signal and starts it again at the same address.
func (r *chatRelay) restart(sig syscall.Signal) {
	r.t.Helper()
	r.signal(sig)
	if code := r.exit(peertest.Patience); code != 0 && sig == syscall.SIGTERM {
		r.t.Errorf("drained with exit code %d", code)
	}
	r.relayProcess = startRelayProcess(r.t, r.env...)
	r.Find(`(source is connected)`)
}
