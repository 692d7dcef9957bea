package load

import (
	"context"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"fantail/hub/websocket"
)

// With more clients than one address has ports for, a loopback is reached from
// several.
func TestDialSpreadsOverAddresses(t *testing.T) {
	f := startForeign(t, false, func(ctx context.Context, _ *foreign, _ int, _ *websocket.Conn) { <-ctx.Done() })
	d, err := newDialer(Config{URL: f.url(), Clients: perAddress + 1})
	if err != nil || !d.spread {
		t.Fatal(d, err)
	}
	for i, want := range map[int]string{0: "127.0.0.2", perAddress: "127.0.0.3"} {
		conn, _, err := d.dial(t.Context(), i, true, "")
		if err != nil {
			t.Fatal(err)
		}
		if host, _, _ := net.SplitHostPort(conn.LocalAddr().String()); host != want {
			t.Errorf("client %d from %s, want %s", i, host, want)
		}
		raw, err := conn.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		raw.Control(func(fd uintptr) {
			if n, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF); n > 4*stalledBuffer || err != nil {
				t.Errorf("a stalled client's receive buffer has %d bytes, %v", n, err)
			}
		})
		conn.Close()
	}
	if d, err := newDialer(Config{URL: "ws://192.0.2.1/", Clients: perAddress + 1}); err != nil || d.spread {
		t.Errorf("spread although %s is no loopback, %v", d.address, err)
	}
}
