//go:build unix

package brokertest

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// NATS starts a nats-server with JetStream. More of its configuration file comes
// as text, such as "authorization { token: t }". It has patience with whoever
// reads slowly.
func NATS(t testing.TB, configuration string) *Server {
	t.Helper()
	program := require(t, "nats-server")
	dir := t.TempDir()
	file := filepath.Join(dir, "nats.conf")
	text := "jetstream { store_dir: \"" + dir + "\" }\nwrite_deadline: \"60s\"\n" + configuration + "\n"
	return start(t, &Server{
		Dir: dir,
		command: func(addr string) *exec.Cmd {
			write(t, file, "listen: \""+addr+"\"\n"+text)
			return exec.Command(program, "-c", file)
		},
		ready: func(addr string) error { return greets(addr, "", "INFO ") },
	})
}
