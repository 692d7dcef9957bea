package hub

import (
	"errors"
	"testing"
)

var errPipe = errors.New("broken pipe")

// frameLen is the length of a test frame that holds a message of 20 bytes.
const frameLen = testHeaderLen + 20

// stuck returns a client that has got the first of two messages of 20 bytes and is
// inside the second one, with n bytes of it written.
func stuck(t *testing.T, n int) (*fixture, *Client, *scriptConn) {
	f := still(t, Config{})
	s := newConn(t, frameLen+n)
	c := f.enter(s, f.first())
	f.say(2, 20)
	if o := c.offer(f.batch(c)); o != full {
		t.Fatalf("outcome %d, want full", o)
	}
	return f, c, s
}

func TestOfferWhole(t *testing.T) {
	f := still(t, Config{})
	s := newConn(t, plenty)
	c := f.enter(s, f.first())
	f.say(3, 20)
	b := f.batch(c)
	if o := c.offer(b); o != wrote {
		t.Fatalf("outcome %d, want wrote", o)
	}
	if o := c.offer(b); o != again {
		t.Fatalf("the same batch a second time: outcome %d, want again", o)
	}
	if c.Position().Seq != 3 || c.cursor.Load() != 4 {
		t.Errorf("position %v, cursor %d; want 3, 4", c.Position(), c.cursor.Load())
	}
	decode(t, s.bytes()).mustHave(t, 1, 3)
}

func TestOfferBusy(t *testing.T) {
	f := still(t, Config{})
	c := f.enter(newConn(t, plenty), f.first())
	c.mu.Lock()
	defer c.mu.Unlock()
	if o := c.offer(nil); o != busy {
		t.Fatalf("outcome %d, want busy", o)
	}
}

// I3 for every place at which a write may stop: the frame is finished from
// where it was cut, and the position is that of the last whole message.
func TestOfferShort(t *testing.T) {
	for n := range 3 * frameLen {
		f := still(t, Config{})
		s := newConn(t, 0, step{n: n})
		c := f.enter(s, f.first())
		f.say(3, 20)
		if o := c.offer(f.batch(c)); o != full {
			t.Fatalf("%d bytes: outcome %d, want full", n, o)
		}
		if got, want := c.Position().Seq, uint64(n/frameLen); got != want {
			t.Fatalf("%d bytes: position %d, want %d", n, got, want)
		}
		s.open(plenty)
		for c.cursor.Load() <= 3 {
			if o := c.offer(f.batch(c)); o != wrote && o != again {
				t.Fatalf("%d bytes: outcome %d", n, o)
			}
		}
		decode(t, s.bytes()).mustHave(t, 1, 3)
		if got := f.Stats(); got.Deliveries+uint64(3-n/frameLen) < 3 || got.DeliveredBytes < uint64(n) {
			t.Fatalf("%d bytes: %d deliveries counted", n, got.Deliveries)
		}
	}
}

// A frame is finished although the ring has dropped its message meanwhile.
func TestOfferFinishesLappedFrame(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 4}})
	s := newConn(t, 7)
	c := f.enter(s, f.first())
	f.say(1, 20)
	c.offer(f.batch(c))
	f.say(10, 20)
	s.open(plenty)
	if o := c.offer(nil); o != wrote {
		t.Fatalf("outcome %d, want wrote", o)
	}
	decode(t, s.bytes()).mustHave(t, 1, 1)
}

// A pong waits for the end of the cut frame. The close frame comes after it only if the
// pong was under way already.
func TestControlAtBoundary(t *testing.T) {
	_, c, s := stuck(t, 9)
	c.Control(testFrame(framePong, "old"))
	c.Control(testFrame(framePong, "new"))
	if r := decode(t, s.bytes()); len(r.control) > 0 || r.cut != 9 {
		t.Fatalf("wrote inside a frame: %s", r)
	}
	s.open(plenty)
	c.offer(nil)
	r := decode(t, s.bytes())
	if r.order != "DDQ" || r.control[0] != "Qnew" {
		t.Fatalf("frames %s, control %q; want DDQ, only the newest pong", r.order, r.control)
	}
	if c.special {
		t.Error("the fast path is not back")
	}
}

func TestControlAtOnce(t *testing.T) {
	f := still(t, Config{})
	s := newConn(t, plenty)
	c := f.enter(s, f.Live())
	frame := testFrame(framePong, "x")
	c.Control(frame)
	if r := decode(t, s.bytes()); r.order != "Q" {
		t.Fatalf("frames %q, want Q at once", r.order)
	}
}

// The caller may use its buffer again as soon as Control returns.
func TestControlCopies(t *testing.T) {
	_, c, s := stuck(t, 9)
	frame := testFrame(framePong, "mine")
	c.Control(frame)
	clear(frame)
	s.open(plenty)
	c.offer(nil)
	if r := decode(t, s.bytes()); r.control[0] != "Qmine" {
		t.Fatalf("control %q", r.control)
	}
}

func TestControlCutHalfWay(t *testing.T) {
	f := still(t, Config{})
	s := newConn(t, 3)
	c := f.enter(s, f.first())
	c.Control(testFrame(framePong, "one"))
	c.Control(testFrame(framePong, "two"))
	c.Leave(Slow)
	s.open(plenty)
	c.offer(nil)
	r := decode(t, s.bytes())
	if r.order != "QC" || r.control[0] != "Qone" {
		t.Fatalf("frames %s, control %q; want the cut pong, then the close frame", r.order, r.control)
	}
}

func TestCloseBeforeWaitingControl(t *testing.T) {
	_, c, s := stuck(t, 9)
	c.Control(testFrame(framePong, ""))
	c.Leave(Slow)
	s.open(plenty)
	c.offer(nil)
	if r := decode(t, s.bytes()); r.order != "DDC" || r.closing != "slow "+c.Position().String() || c.Position().Seq != 2 {
		t.Fatalf("frames %s, close %q, position %v", r.order, r.closing, c.Position())
	}
}

// Nothing follows a close frame, data or control, and the first reason stands.
func TestNothingAfterClose(t *testing.T) {
	f := still(t, Config{})
	s := newConn(t, plenty)
	c := f.enter(s, f.first())
	f.say(2, 20)
	c.Leave(Uplink)
	c.Leave(Slow)
	c.Control(testFrame(framePong, ""))
	c.Answer(testFrame(frameClose, "echo"))
	if o := c.offer(f.batch(c)); o != over {
		t.Fatalf("outcome %d, want over", o)
	}
	if r := decode(t, s.bytes()); r.order != "C" || r.closing != "uplink "+f.position(0).String() {
		t.Fatalf("frames %s, close %q", r.order, r.closing)
	}
	if why, leaving := c.Reason(); why != Uplink || !leaving {
		t.Errorf("reason %v, leaving %v", why, leaving)
	}
}

// I4: a patient leave gives what was published before it, and the close frame then
// carries the position after that.
func TestLeavePatient(t *testing.T) {
	f := still(t, Config{})
	s := newConn(t, plenty)
	c := f.enter(s, f.first())
	f.say(3, 20)
	b := f.batch(c)
	c.Leave(Draining)
	if len(s.bytes()) > 0 {
		t.Fatal("the close frame did not wait for what was owed")
	}
	f.say(2, 20)
	if o := c.offer(b); o != again {
		t.Fatalf("outcome %d, want again", o)
	}
	if o := c.offer(nil); o != over {
		t.Fatalf("outcome %d, want over", o)
	}
	r := decode(t, s.bytes())
	if r.mustHave(t, 1, 3); r.closing != "draining "+f.position(3).String() {
		t.Fatalf("close %q", r.closing)
	}
}

// A pong need not wait for the end of the patience.
func TestControlWhileLeavingPatiently(t *testing.T) {
	f := still(t, Config{})
	s := newConn(t, frameLen+9)
	c := f.enter(s, f.first())
	f.say(3, 20)
	c.offer(f.batch(c))
	c.Leave(Draining)
	c.Control(testFrame(framePong, ""))
	s.open(plenty)
	c.offer(nil)
	c.offer(f.batch(c))
	if r := decode(t, s.bytes()); r.order != "DDQDC" || r.closing != "draining "+f.position(3).String() {
		t.Fatalf("frames %s, close %q", r.order, r.closing)
	}
}

func TestLeavePatienceEnds(t *testing.T) {
	f := still(t, Config{})
	s := newConn(t, plenty)
	c := f.enter(s, f.first())
	f.say(3, 20)
	c.Leave(Draining)
	c.Leave(Stopped)
	if r := decode(t, s.bytes()); r.order != "C" || r.closing != "draining "+f.position(0).String() {
		t.Fatalf("frames %s, close %q; want the first reason at once", r.order, r.closing)
	}
}

func TestLeaveGone(t *testing.T) {
	f := still(t, Config{Ring: RingSize{Messages: 4}})
	f.say(10, 20)
	s := newConn(t, plenty)
	f.enter(s, f.Resume(f.position(2)))
	f.pumps[0].round()
	if r := decode(t, s.bytes()); r.order != "C" || r.closing != "gone "+f.position(6).String() {
		t.Fatalf("frames %s, close %q; want the oldest position and not one message", r.order, r.closing)
	}
}

func TestAnswer(t *testing.T) {
	f := still(t, Config{})
	s := newConn(t, plenty)
	c := f.enter(s, f.first())
	echo := testFrame(frameClose, "echo")
	c.Answer(echo)
	clear(echo)
	if r := decode(t, s.bytes()); r.closing != "echo" {
		t.Fatalf("close %q, want the caller's frame", r.closing)
	}
	c.Close()
	mustClose(t, s, false)
}

// A transport without close frames ends at the boundary, in order.
func TestLeaveWithoutCloseFrame(t *testing.T) {
	f, c, s := stuck(t, 9)
	c.lane = f.reserve(&testFormat{mute: true})
	c.Leave(Slow)
	s.open(plenty)
	if o := c.offer(nil); o != over {
		t.Fatalf("outcome %d, want over", o)
	}
	f.say(1, 20)
	c.Control(testFrame(framePong, ""))
	c.Close()
	decode(t, s.bytes()).mustHave(t, 1, 2)
	mustClose(t, s, false)
}

// The end of a connection must look like what it is: a reset where a frame was
// cut or the close frame never went out, else an orderly end.
func TestCloseResets(t *testing.T) {
	cut := step{n: 3}
	tests := []struct {
		name  string
		do    func(f *fixture, c *Client, s *scriptConn)
		reset bool
	}{
		{"at a boundary", func(*fixture, *Client, *scriptConn) {}, false},
		{"behind the close frame", func(_ *fixture, c *Client, _ *scriptConn) { c.Leave(Slow) }, false},
		{"inside the close frame", func(_ *fixture, c *Client, s *scriptConn) { s.steps = []step{cut}; s.shut(); c.Leave(Slow) }, true},
		{"the close frame waits", func(_ *fixture, c *Client, s *scriptConn) { s.shut(); c.Leave(Slow) }, true},
		{"inside a message", func(f *fixture, c *Client, s *scriptConn) {
			s.shut()
			s.steps = []step{cut}
			f.say(1, 20)
			c.offer(f.batch(c))
		}, true},
		{"inside a pong", func(_ *fixture, c *Client, s *scriptConn) {
			s.steps = []step{cut}
			s.shut()
			c.Control(testFrame(framePong, ""))
		}, true},
		{"owed messages before a close frame", func(f *fixture, c *Client, s *scriptConn) { f.say(1, 20); c.Leave(Draining) }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := still(t, Config{})
			s := newConn(t, plenty)
			c := f.enter(s, f.Live())
			tt.do(f, c, s)
			c.Close()
			c.Close()
			mustClose(t, s, tt.reset)
			if o := c.offer(nil); o != over {
				t.Errorf("outcome %d after Close, want over", o)
			}
		})
	}
}

// A failed write ends it: not one more byte, and the sweep closes.
func TestWriteFails(t *testing.T) {
	tests := []struct {
		name string
		do   func(f *fixture, c *Client)
	}{
		{"in a batch", func(f *fixture, c *Client) { c.offer(f.batch(c)) }},
		{"in a pong", func(_ *fixture, c *Client) { c.Control(testFrame(framePong, "")) }},
		{"in a close frame", func(_ *fixture, c *Client) { c.Leave(Slow) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := still(t, Config{})
			s := newConn(t, plenty, step{2, errPipe})
			c := f.enter(s, f.first())
			f.say(2, 20)
			tt.do(f, c)
			if o := c.offer(f.batch(c)); o != over {
				t.Fatalf("outcome %d, want over", o)
			}
			c.Control(testFrame(framePong, ""))
			if got := len(s.bytes()); got != 2 {
				t.Fatalf("%d bytes written, want the first two", got)
			}
			f.clock.Store(int64(sweepEvery))
			f.sweep()
			if closed, _ := s.ended(); !closed || f.Clients() != 0 {
				t.Error("the sweep did not close it")
			}
		})
	}
}

// Control, Leave and Close are harmless on a client that is closed already.
func TestClosedClient(t *testing.T) {
	f := still(t, Config{})
	s := newConn(t, plenty)
	c := f.enter(s, f.Live())
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c.Control(testFrame(framePong, ""))
	c.Leave(Slow)
	c.Answer(nil)
	f.pumps[0].round()
	if got := s.bytes(); len(got) > 0 {
		t.Errorf("%d bytes after Close", len(got))
	}
	if st := f.Stats(); st.Clients != 0 || st.Leaves[Left] != 1 || st.Leaves[Slow] != 0 {
		t.Errorf("%+v", st)
	}
	if len(f.pumps[0].roster.groups) != 0 {
		t.Error("the pump keeps a closed client")
	}
}
