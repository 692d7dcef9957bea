package ws

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"fantail/feed/driver"
	"fantail/feed/internal/dial"
	"fantail/hub"
	"fantail/hub/websocket"
)

// stream reads one WebSocket connection. Beside the reading goroutine there are
// two others: watch, which pings and says goodbye, and write, which sends what is
// in the outbox.
type stream struct {
	// Static after newWSStream.
	ctx  context.Context // whose end has watch say goodbye
	conn *websocket.Conn
	tap  *dial.Tap
	max  int64
	ping time.Duration // NoPing = none
	out  *outbox
	done context.CancelFunc // called by close; ends watch and write
	gone chan struct{}      // closed by watch at its end
	wg   sync.WaitGroup

	dead   atomic.Bool                    // a ping was not answered
	unsent atomic.Pointer[driver.Failure] // why something could not be sent
	buf    bytes.Buffer                   // the present message; owned by next
	in     hub.Input                      // likewise
}

func newStream(ctx context.Context, conn *websocket.Conn, t *dial.Tap, out *outbox, o driver.Options) *stream {
	s := &stream{ctx: ctx, conn: conn, tap: t, max: o.MaxMessage, ping: o.Ping, out: out, gone: make(chan struct{})}
	open, done := context.WithCancel(context.WithoutCancel(ctx))
	s.done = done
	writing, stop := context.WithCancel(open)
	context.AfterFunc(ctx, stop)
	s.wg.Go(func() { s.watch(ctx, open) })       // ends with ctx, with a lost ping, or by close
	s.wg.Go(func() { s.write(writing); stop() }) // ends with ctx, with a frame that cannot be sent, or by close
	return s
}

// Send implements Sender.
func (s *stream) Send(frame string) bool { return s.out.send(frame) }

// greet waits for the first frames, as greeter says.
func (s *stream) greet(ctx context.Context) error {
	late := time.NewTimer(greetWait)
	defer late.Stop()
	select {
	case err := <-s.out.greeted:
		return err
	case <-late.C:
	case <-ctx.Done(): // the stream will tell
	}
	return nil
}

// write sends until the outbox cannot. The reader then learns why: from the
// source, if it has said so in a close frame, or else from here.
func (s *stream) write(ctx context.Context) {
	err := s.out.write(ctx)
	if failed, ok := errors.AsType[*driver.Failure](err); ok {
		s.unsent.Store(failed)
		driver.Sleep(ctx, driver.CloseTimeout)
		s.tap.Close()
	}
}

// Next reads the next whole message into the buffer of the last one.
func (s *stream) Next() (driver.Event, error) {
	kind, err := s.read()
	if err != nil {
		return driver.Event{}, s.explain(err)
	}
	return s.whole(kind), nil
}

// whole returns the message that read has read.
func (s *stream) whole(kind hub.Kind) driver.Event {
	s.in = hub.Input{Kind: kind, Payload: s.buf.Bytes()}
	return driver.Message(&s.in)
}

// explain turns read's error into a failure.
func (s *stream) explain(err error) *driver.Failure {
	switch {
	case s.dead.Load():
		return driver.Fail(driver.ReasonPing, "the source did not answer a ping within %v; the connection is dead", s.ping)
	case int64(s.buf.Len()) > s.max:
		return driver.TooLarge(s.max)
	}
	failed := explain(err)
	if unsent := s.unsent.Load(); unsent != nil && failed.Reason == driver.ReasonLost {
		return unsent
	}
	return failed
}

// read reads one message.
func (s *stream) read() (hub.Kind, error) {
	s.buf.Reset()
	kind, r, err := s.conn.Reader(context.Background()) // ended by closing the connection
	if err == nil {
		_, err = s.buf.ReadFrom(r)
	}
	return kind, err
}

// Close drops the connection. At the end of ctx it first waits for the goodbye,
// which may not have begun: whoever reads a busy source sees that end between two
// messages.
func (s *stream) Close() {
	if s.ctx.Err() != nil {
		<-s.gone
	}
	s.done()
	s.conn.CloseNow()
	s.wg.Wait()
}

// watch pings until the stream is closed, and says goodbye when ctx ends.
func (s *stream) watch(ctx, open context.Context) {
	defer close(s.gone)
	tick, stop := ticker(s.ping != driver.NoPing, s.ping)
	defer stop()
	for {
		select {
		case <-open.Done():
			return
		case <-ctx.Done():
			s.leave()
			return
		case <-tick:
		}
		if ctx.Err() == nil && !s.alive(ctx) {
			s.dead.Store(true)
			s.tap.Close()
			return
		}
	}
}

// alive pings and says whether the source still lives: a byte of any kind that
// arrives meanwhile is a sign of life, as the pong may wait behind a large
// message. What ends the wait early is for others to report.
func (s *stream) alive(ctx context.Context) bool {
	reads := s.tap.Reads.Load()
	ctx, cancel := context.WithTimeout(ctx, s.ping)
	defer cancel()
	s.conn.Ping(ctx)
	return !errors.Is(ctx.Err(), context.DeadlineExceeded) || s.tap.Reads.Load() != reads
}

// leave performs the closing handshake (RFC 6455 section 7), within CloseTimeout.
func (s *stream) leave() {
	t := time.AfterFunc(driver.CloseTimeout, func() { s.tap.Close() })
	defer t.Stop()
	s.conn.Close(1000, "")
}
