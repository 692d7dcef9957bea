//go:build unix

package brokertest

import (
	"os/exec"
	"testing"
)

// Redis starts a redis-server that writes every command to its file before it
// answers, so that streams outlive a SIGKILL. More directives come as words of
// its command line, such as "--requirepass", "secret".
func Redis(t testing.TB, directives ...string) *Server {
	t.Helper()
	program := require(t, "redis-server")
	dir := t.TempDir()
	return start(t, &Server{
		Dir: dir,
		command: func(addr string) *exec.Cmd {
			return exec.Command(program, append([]string{
				"--port", port(addr), "--bind", "127.0.0.1", "--dir", dir,
				"--save", "", "--appendonly", "yes", "--appendfsync", "always",
			}, directives...)...)
		},
		ready: func(addr string) error {
			return greets(addr, "PING\r\n", "+PONG", "-NOAUTH", "-DENIED")
		},
	})
}
