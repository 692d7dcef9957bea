package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"fantail/hub"
	"fantail/hub/websocket"
)

// minBenchSize is the shortest message that has room for key, time and sequence.
const minBenchSize = 80

// benchSource is a WebSocket source of known rate and size. Its messages have the send
// time in ns since 1970 at "t" and a sequence from 1 on at "q". With keys, they have one
// key after the other at "k", and each key has its own sequence.
type benchSource struct {
	rate float64 // messages a second
	size int     // bytes a message
	keys int     // 0 is none
}

// benchKey returns the source's key of a number.
func benchKey(i int) string { return "k" + strconv.Itoa(i) }

// serve sends each subscriber a stream of its own until ctx ends. It closes l.
func (s benchSource) serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, websocket.AcceptOptions{})
		if err != nil {
			return
		}
		defer conn.CloseNow()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() { // ended by CloseNow
			defer cancel()
			conn.Discard(ctx)
		}()
		s.stream(ctx, conn)
	})}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// stream sends messages, each when it is due, until ctx ends or a write fails.
func (s benchSource) stream(ctx context.Context, conn *websocket.Conn) {
	began, timer := time.Now(), time.NewTimer(0)
	defer timer.Stop()
	var message []byte
	for q := 1; ; q++ {
		timer.Reset(time.Until(began.Add(time.Duration(float64(q) / s.rate * float64(time.Second)))))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		message = s.appendMessage(message[:0], time.Now(), q)
		if conn.Write(ctx, hub.Text, message) != nil {
			return
		}
	}
}

// appendMessage appends the q-th message, of s.size bytes.
func (s benchSource) appendMessage(b []byte, t time.Time, q int) []byte {
	head := fmt.Sprintf(`{"t":%d,"q":%d,"pad":"`, t.UnixNano(), q)
	if s.keys > 0 {
		head = fmt.Sprintf(`{"k":"%s","t":%d,"q":%d,"pad":"`, benchKey((q-1)%s.keys), t.UnixNano(), (q-1)/s.keys+1)
	}
	return fmt.Appendf(b, `%s%s"}`, head, strings.Repeat("x", max(0, s.size-len(head)-2)))
}
