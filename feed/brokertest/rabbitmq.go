//go:build unix

package brokertest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// RabbitMQ starts a rabbitmq-server with the user guest. More of its
// configuration file comes as text.
func RabbitMQ(t testing.TB, configuration string) *Server {
	t.Helper()
	// The script behind the one in the PATH, which wants to become the user
	// rabbitmq.
	program := require(t, "/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server")
	addr, dist, names, dir := freeAddr(t), freeAddr(t), portMapper(t), t.TempDir()
	file := filepath.Join(dir, "rabbitmq.conf")
	text := "listeners.tcp.1 = " + addr + "\nloopback_users = none\nlog.console = true\nlog.console.level = warning\n" + configuration + "\n"
	plugins := filepath.Join(dir, "enabled_plugins")
	for name, text := range map[string]string{file: text, plugins: "[]."} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := append(os.Environ(), "HOME="+dir, "ERL_EPMD_PORT="+port(names), "ERL_EPMD_ADDRESS=127.0.0.1",
		"RABBITMQ_NODENAME=test"+port(addr)+"@localhost", "RABBITMQ_DIST_PORT="+port(dist),
		"RABBITMQ_MNESIA_BASE="+dir, "RABBITMQ_LOG_BASE="+dir, "RABBITMQ_PID_FILE="+filepath.Join(dir, "pid"),
		"RABBITMQ_CONFIG_FILE="+file, "RABBITMQ_ENABLED_PLUGINS_FILE="+plugins,
		"RABBITMQ_ALLOW_INPUT=1", // the script becomes the broker, which is then ours to wait for
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-noinput +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none")
	return start(t, &Server{
		Addr: addr, Dir: dir,
		command: func() *exec.Cmd {
			cmd := exec.Command(program)
			cmd.Env = env
			return cmd
		},
		ready: func(addr string) error { return greets(addr, "AMQP\x00\x00\x09\x01", "\x01\x00\x00") },
	})
}

// portMapper runs Erlang's epmd, which RabbitMQ would otherwise leave behind as
// a daemon.
func portMapper(t testing.TB) (addr string) {
	t.Helper()
	program, addr := require(t, "epmd"), freeAddr(t)
	return start(t, &Server{
		Addr: addr,
		command: func() *exec.Cmd {
			return exec.Command(program, "-address", "127.0.0.1", "-port", port(addr))
		},
		ready: func(addr string) error {
			conn, err := net.Dial("tcp", addr)
			if err == nil {
				conn.Close()
			}
			return err
		},
	}).Addr
}
