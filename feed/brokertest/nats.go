//go:build unix

package brokertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// NATS starts a nats-server with JetStream. More of its configuration file comes
// as text, such as "authorization { token: t }".
func NATS(t testing.TB, configuration string) *Server {
	t.Helper()
	program := require(t, "nats-server")
	addr, dir := freeAddr(t), t.TempDir()
	file := filepath.Join(dir, "nats.conf")
	text := "listen: \"" + addr + "\"\njetstream { store_dir: \"" + dir + "\" }\n" + configuration + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return start(t, &Server{
		Addr: addr, Dir: dir,
		command: func() *exec.Cmd { return exec.Command(program, "-c", file) },
		ready:   func(addr string) error { return greets(addr, "", "INFO ") },
	})
}
