//go:build unix

package brokertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Nginx starts an nginx with the configuration that configure makes for an
// address to listen at and a directory of its own. Its processes run as the
// test's user.
func Nginx(t testing.TB, configure func(addr, dir string) string) *Server {
	t.Helper()
	program := require(t, "nginx", "/usr/sbin/nginx")
	dir := t.TempDir()
	file := filepath.Join(dir, "nginx.conf")
	rest := "daemon off; error_log stderr notice; pid " + filepath.Join(dir, "pid") + ";"
	if os.Getuid() == 0 {
		rest += " user root;" // else its workers could not read dir
	}
	return start(t, &Server{
		Dir: dir,
		command: func(addr string) *exec.Cmd {
			write(t, file, configure(addr, dir))
			return exec.Command(program, "-p", dir, "-c", file, "-e", "stderr", "-g", rest)
		},
		ready: func(addr string) error {
			return greets(addr, "GET /healthz HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ")
		},
	})
}
