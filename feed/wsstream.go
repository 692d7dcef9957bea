package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"fantail/hub"
	"fantail/hub/websocket"
)

// wsStream reads one WebSocket connection. Beside the reading goroutine one
// other, watch, pings and says goodbye.
type wsStream struct {
	// Static after newWSStream.
	conn *websocket.Conn
	tap  *tap
	max  int64
	ping time.Duration
	done chan struct{} // closed by close; ends watch
	wg   sync.WaitGroup

	dead atomic.Bool  // a ping was not answered
	buf  bytes.Buffer // the present message; owned by next
}

func newWSStream(ctx context.Context, conn *websocket.Conn, t *tap, cfg Config) *wsStream {
	s := &wsStream{conn: conn, tap: t, max: cfg.MaxMessage, ping: cfg.Ping, done: make(chan struct{})}
	s.wg.Go(func() { s.watch(ctx) }) // ends with ctx, with a lost ping, or by close
	return s
}

// next reads the next whole message into the buffer of the last one.
func (s *wsStream) next() (hub.Input, error) {
	kind, err := s.read()
	if err != nil {
		return hub.Input{}, s.explain(err)
	}
	return hub.Input{Kind: kind, Payload: s.buf.Bytes()}, nil
}

// explain turns read's error into a failure.
func (s *wsStream) explain(err error) *failure {
	switch {
	case s.dead.Load():
		return fail(ReasonPing, "the source did not answer a ping within %v; the connection is dead", s.ping)
	case int64(s.buf.Len()) > s.max:
		return tooLarge(s.max)
	}
	return explainRead(err)
}

func tooLarge(most int64) *failure {
	return fail(ReasonTooLarge, "the source sent a message of more than %d bytes; raise FANTAIL_SOURCE_MAX_MESSAGE", most)
}

// read reads one message. It undoes two habits of the library: a message that
// the end of the connection cuts short is reported as whole
// (TestWSCutMessageIsNotPublished), and a close frame inside a compressed
// message is answered with a nil dereference (TestWSCloseInsideMessage).
func (s *wsStream) read() (kind hub.Kind, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the message was broken off: %v", p)
		}
	}()
	s.buf.Reset()
	kind, r, err := s.conn.Reader(context.Background()) // ended by closing the connection
	if err != nil {
		return kind, err
	}
	if _, err = s.buf.ReadFrom(r); err == nil && s.tap.ended.Load() {
		err = io.ErrUnexpectedEOF
	}
	return kind, err
}

// close drops the connection, or waits for a goodbye that is under way.
func (s *wsStream) close() {
	close(s.done)
	s.conn.CloseNow()
	s.wg.Wait()
}

// watch pings until the stream is closed, and says goodbye when ctx ends.
func (s *wsStream) watch(ctx context.Context) {
	tick := time.NewTicker(s.ping)
	defer tick.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-ctx.Done():
			s.leave()
			return
		case <-tick.C:
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
func (s *wsStream) alive(ctx context.Context) bool {
	reads := s.tap.reads.Load()
	ctx, cancel := context.WithTimeout(ctx, s.ping)
	defer cancel()
	s.conn.Ping(ctx)
	return !errors.Is(ctx.Err(), context.DeadlineExceeded) || s.tap.reads.Load() != reads
}

// leave performs the closing handshake (RFC 6455 section 7), within closeWait.
func (s *wsStream) leave() {
	t := time.AfterFunc(closeWait, func() { s.tap.Close() })
	defer t.Stop()
	s.conn.Close(1000, "")
}
