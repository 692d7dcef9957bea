package relay

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"fantail/hub"
	"fantail/hub/peertest"
)

func dialTCP(t testing.TB, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// tcpPair returns both ends of a loopback connection.
func tcpPair(t *testing.T) (a, b *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a = dialTCP(t, l.Addr().String()).(*net.TCPConn)
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return a, c.(*net.TCPConn)
}

// A socket takes what it can without waiting, says so, and takes more when the
// peer has read: every byte, in order.
func TestSocketFillsAndDrains(t *testing.T) {
	a, b := tcpPair(t)
	sockets := map[string]hub.Conn{"fd": newSocket(a, 16<<10)}
	c, d := tcpPair(t)
	sockets["writer"] = newWriterSocket(c)
	ends := map[string]net.Conn{"fd": b, "writer": d}
	for name, s := range sockets {
		t.Run(name, func(t *testing.T) {
			data := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
			got := make(chan []byte)
			go func() {
				all := make([]byte, len(data))
				io.ReadFull(ends[name], all)
				got <- all
			}()
			rest, full := data, false
			err := s.WaitWritable(func() bool {
				n, err := s.TryWrite(rest)
				if err != nil {
					t.Error(err)
					return true
				}
				full = full || n < len(rest)
				rest = rest[n:]
				return len(rest) == 0
			})
			if err != nil || !full || !bytes.Equal(<-got, data) {
				t.Errorf("err %v, ever full %v, or the bytes differ", err, full)
			}
			if err := s.Close(false); err != nil {
				t.Error(err)
			}
		})
	}
}

// Close unblocks at once a writer that waits for a full socket, and a reset tells the
// peer that the end was not orderly.
func TestSocketCloseUnblocks(t *testing.T) {
	a, b := tcpPair(t)
	c, d := tcpPair(t)
	for name, s := range map[string]struct {
		socket hub.Conn
		end    net.Conn
	}{"fd": {newSocket(a, 16<<10), b}, "writer": {newWriterSocket(c), d}} {
		t.Run(name, func(t *testing.T) {
			big, parked := make([]byte, 64<<10), make(chan bool, 1)
			ended := make(chan error, 1)
			go func() {
				ended <- s.socket.WaitWritable(func() bool {
					for {
						n, err := s.socket.TryWrite(big)
						if err != nil {
							return true
						}
						if n < len(big) {
							signalTest(parked)
							return false
						}
					}
				})
			}()
			<-parked
			s.socket.Close(true)
			<-ended
			s.end.SetReadDeadline(time.Now().Add(peertest.Patience))
			if _, err := io.Copy(io.Discard, s.end); err == nil {
				t.Error("the peer saw an orderly end")
			}
		})
	}
}

func signalTest(c chan bool) {
	select {
	case c <- true:
	default:
	}
}

// The writer's road under a clock of the test's own: idle, busy, closed.
func TestWriterSocketOnPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		s := newWriterSocket(a)
		if n, err := s.TryWrite([]byte("first")); n != 5 || err != nil {
			t.Fatal(n, err)
		}
		synctest.Wait() // the writer is in Write: nobody reads
		if n, err := s.TryWrite([]byte("second")); n != 0 || err != nil {
			t.Fatalf("a busy writer took %d bytes, %v", n, err)
		}
		buf := make([]byte, 10)
		if n, _ := b.Read(buf); string(buf[:n]) != "first" {
			t.Fatalf("read %q", buf[:n])
		}
		synctest.Wait()
		if n, _ := s.TryWrite([]byte("third")); n != 5 {
			t.Fatal("an idle writer took nothing")
		}
		synctest.Wait()
		s.Close(false)
		if _, err := s.TryWrite([]byte("x")); err == nil {
			t.Error("a closed socket took bytes")
		}
		time.Sleep(2 * closeTime) // nobody reads "third"; its deadline passes
		if _, err := b.Read(buf); err != io.EOF {
			t.Errorf("behind the end: %v", err)
		}
	})
}

// TLS clients are served by the writer, byte for byte.
func TestTLS(t *testing.T) {
	h := NewHub(hub.Config{})
	r, err := New(Config{Hub: h, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewTLSServer(r.Handler())
	defer srv.Close()
	defer h.Close()
	c, err := tls.Dial("tcp", srv.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	p := upgrade(t, c, "GET /ws HTTP/1.1\r\nHost: x\r\n"+handshake+"\r\n")
	peertest.Eventually(t, "joined", func() bool { return h.Clients() == 1 })
	publish(h.Hub(), 0, 500, 3000)
	for i := range 500 {
		p.want(1, numbered(i, 3000))
	}
	p.send(8, "\x03\xE8")
	p.want(8, "\x03\xE8")
}
