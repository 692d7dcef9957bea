//go:build unix

package brokertest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"fantail/hub/nettest"
)

// RabbitMQ starts a rabbitmq-server with the user guest. More of its
// configuration file comes as text.
func RabbitMQ(t testing.TB, configuration string) *Server {
	t.Helper()
	// The script behind the one in the PATH, which wants to become the user
	// rabbitmq.
	program := require(t, "/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server")
	names, dir := portMapper(t), t.TempDir()
	file := filepath.Join(dir, "rabbitmq.conf")
	text := "loopback_users = none\nlog.console = true\nlog.console.level = warning\n" + configuration + "\n"
	plugins := filepath.Join(dir, "enabled_plugins")
	write(t, plugins, "[].")
	env := append(os.Environ(), "HOME="+dir, "ERL_EPMD_PORT="+port(names), "ERL_EPMD_ADDRESS=127.0.0.1",
		"RABBITMQ_MNESIA_BASE="+dir, "RABBITMQ_LOG_BASE="+dir, "RABBITMQ_PID_FILE="+filepath.Join(dir, "pid"),
		"RABBITMQ_CONFIG_FILE="+file, "RABBITMQ_ENABLED_PLUGINS_FILE="+plugins,
		"RABBITMQ_ALLOW_INPUT=1", // the script becomes the broker, which is then ours to wait for
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-noinput +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none")
	return start(t, &Server{
		Dir: dir,
		command: func(addr string) *exec.Cmd {
			write(t, file, "listeners.tcp.1 = "+addr+"\n"+text)
			cmd := exec.Command(program)
			cmd.Env = append(slices.Clone(env), "RABBITMQ_NODENAME=test"+port(addr)+"@localhost", "RABBITMQ_DIST_PORT="+port(nettest.FreeAddr(t)))
			return cmd
		},
		ready: func(addr string) error { return greets(addr, "AMQP\x00\x00\x09\x01", "\x01\x00\x00") },
	})
}

// portMapper runs Erlang's epmd, which RabbitMQ would otherwise leave behind as
// a daemon.
func portMapper(t testing.TB) (addr string) {
	t.Helper()
	program := require(t, "epmd")
	return start(t, &Server{
		command: func(addr string) *exec.Cmd {
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
