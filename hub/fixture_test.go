package hub

import (
	"testing"
	"testing/synctest"
	"time"
)

// fixture is a hub whose frames are test frames.
type fixture struct {
	*Hub
	t      testing.TB
	format *testFormat
	lane   *Lane // of the format; no client joins with it
}

// running starts a hub that the test's end closes.
func running(t testing.TB, c Config) *fixture {
	c.Header = testHeader
	return fixed(t, New(c))
}

func fixed(t testing.TB, h *Hub) *fixture {
	f := &fixture{Hub: h, t: t, format: &testFormat{}}
	f.lane = f.reserve(f.format)
	t.Cleanup(func() { f.Close() })
	return f
}

// still makes a hub whose pumps and sweep the test drives by hand.
func still(t testing.TB, c Config) *fixture {
	c.Header = testHeader
	if c.Pumps == 0 {
		c.Pumps = 1
	}
	return fixed(t, assemble(c))
}

// say publishes n messages of size bytes.
func (f *fixture) say(n, size int) {
	for range n {
		f.Publish(Input{Payload: testPayload(f.seq+1, size)})
	}
}

// reserve returns the lane of a format without filter.
func (f *fixture) reserve(format Format) *Lane {
	f.t.Helper()
	l, err := f.Lane(format, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return l
}

// enter joins a client.
func (f *fixture) enter(conn Conn, start Start) *Client {
	f.t.Helper()
	c, err := f.Join(conn, Options{Lane: f.reserve(f.format), Start: start, Name: "test"})
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// first is the start before everything: the whole feed.
func (f *fixture) first() Start { return f.Resume(f.position(0)) }

// batch returns what a client of the base lane lacks.
func (f *fixture) batch(c *Client) *batch {
	f.t.Helper()
	b := new(batch)
	if !b.fill(&f.ring, c.lane, span{from: c.cursor.Load(), head: f.ring.head.Load()}) {
		f.t.Fatal("nothing to fill a batch with")
	}
	return b
}

// mustClose fails the test unless the connection was closed as told.
func mustClose(t testing.TB, s *scriptConn, reset bool) {
	t.Helper()
	if closed, r := s.ended(); !closed || r != reset {
		t.Fatalf("closed %v, reset %v; want closed, reset %v", closed, r, reset)
	}
}

func mustBeOpen(t testing.TB, s *scriptConn) {
	t.Helper()
	if closed, _ := s.ended(); closed {
		t.Fatal("the connection was closed")
	}
}

// pass lets d go by and everything come to rest.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
