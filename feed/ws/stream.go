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

// stream reads one WebSocket connection. Next runs in the caller's goroutine. The stream has
// two goroutines of its own: watch pings and says goodbye, and write sends the outbox.
type stream struct {
	// Static after newStream.
	ctx  context.Context // at its end watch says goodbye
	conn *websocket.Conn
	tap  *dial.Tap
	max  int64
	ping time.Duration // NoPing = none
	out  *outbox
	done context.CancelFunc // called by Close; ends watch and write
	gone chan struct{}      // closed by watch at its end
	wg   sync.WaitGroup

	dead   atomic.Bool                    // a ping was not answered; set by watch
	unsent atomic.Pointer[driver.Failure] // why something could not be sent; set by write

	// Owned by Next.
	buf bytes.Buffer // the present message
	in  hub.Input    // the present event's message
}

func newStream(ctx context.Context, conn *websocket.Conn, t *dial.Tap, out *outbox, o driver.Options) *stream {
	s := &stream{ctx: ctx, conn: conn, tap: t, max: o.MaxMessage, ping: o.Ping, out: out, gone: make(chan struct{})}
	open, done := context.WithCancel(context.WithoutCancel(ctx))
	s.done = done
	writing, stop := context.WithCancel(open)
	context.AfterFunc(ctx, stop)
	s.wg.Go(func() { s.watch(ctx, open) })       // ends with ctx, with an unanswered ping, or by Close
	s.wg.Go(func() { s.write(writing); stop() }) // ends with ctx, with a frame that cannot be sent, or by Close
	return s
}

// Send implements driver.Sender.
func (s *stream) Send(frame string) bool { return s.out.send(frame) }

// greet implements greeter.
func (s *stream) greet(ctx context.Context) error {
	late := time.NewTimer(greetWait)
	defer late.Stop()
	select {
	case err := <-s.out.greeted:
		return err
	case <-late.C:
	case <-ctx.Done(): // the stream says why
	}
	return nil
}

// write sends the outbox until a frame cannot be sent. It then leaves the source some time
// to say why in a close frame. If none comes, Next returns the failure of the sending.
func (s *stream) write(ctx context.Context) {
	err := s.out.write(ctx)
	if failed, ok := errors.AsType[*driver.Failure](err); ok {
		s.unsent.Store(failed)
		driver.Sleep(ctx, driver.CloseTimeout)
		s.tap.Close()
	}
}

// Next reads the next whole message. Its buffer is the one of the message before.
func (s *stream) Next() (driver.Event, error) {
	kind, err := s.read()
	if err != nil {
		return driver.Event{}, s.explain(err)
	}
	return s.whole(kind), nil
}

// whole returns the event of the message that read has read.
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

// read reads one message into buf.
func (s *stream) read() (hub.Kind, error) {
	s.buf.Reset()
	kind, r, err := s.conn.Reader(context.Background()) // ended by closing the connection
	if err == nil {
		_, err = s.buf.ReadFrom(r)
	}
	return kind, err
}

// Close drops the connection. If ctx has ended it first waits for the goodbye. The goodbye
// may not have begun yet, because the reader of a busy source sees the end of ctx between
// two messages.
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

// alive pings and reports whether the source still lives. Any byte that arrives before the
// deadline is a sign of life, because the pong may wait behind a large message. If the wait
// ends early the source counts as alive: Next reports why the connection ended.
func (s *stream) alive(ctx context.Context) bool {
	reads := s.tap.Reads.Load()
	ctx, cancel := context.WithTimeout(ctx, s.ping)
	defer cancel()
	s.conn.Ping(ctx)
	return !errors.Is(ctx.Err(), context.DeadlineExceeded) || s.tap.Reads.Load() != reads
}

// leave performs the closing handshake (RFC 6455 section 7) within driver.CloseTimeout.
func (s *stream) leave() {
	t := time.AfterFunc(driver.CloseTimeout, func() { s.tap.Close() })
	defer t.Stop()
	s.conn.Close(1000, "")
}
