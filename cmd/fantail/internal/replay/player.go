package replay

import (
	"context"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"fantail/cmd/fantail/internal/text"
	"fantail/feed/driver"
	"fantail/feed/recording"
	"fantail/hub/websocket"
)

// replayReadLimit is the longest message in bytes that a subscriber may send. No
// subscription is as long.
const replayReadLimit = 16 << 20

// player plays a recording to subscribers, to each from the start and at its own pace. It
// is not changed after it begins to serve.
type player struct {
	file     string
	speed    speed
	loop     bool
	patience time.Duration // for one write; then the subscriber is dropped
	log      zerolog.Logger
}

// subscriber accepts one subscriber and plays to it until the recording ends, the
// subscriber leaves or ctx is cancelled. It takes any subprotocol that is offered, since
// the recorded source may have had it, and it declines compression.
func (p player) subscriber(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	log := p.log.With().Str("subscriber", r.RemoteAddr).Logger()
	conn, err := websocket.Accept(w, r, websocket.AcceptOptions{Subprotocols: text.SplitList(r.Header.Get("Sec-WebSocket-Protocol"))})
	if err != nil {
		log.Warn().Err(err).Msg("a request was refused, because it is no WebSocket handshake")
		return
	}
	conn.SetReadLimit(replayReadLimit)
	log.Info().Msg("a subscriber has joined")
	playing, left := context.WithCancelCause(ctx)
	gone := make(chan struct{}) // closed by the reader, which ends with the connection
	go func() {                 // ended with the connection
		defer close(gone)
		left(conn.Discard(ctx))
	}()
	p.finish(playing, conn, log, p.play(playing, conn))
	<-gone
}

// finish ends the connection, with a closing handshake if the recording has ended.
func (p player) finish(playing context.Context, conn *websocket.Conn, log zerolog.Logger, err error) {
	if cause := context.Cause(playing); cause != nil {
		err = cause
	}
	if err == nil {
		err = conn.Close(1000, "end of the recording")
	}
	_ = conn.CloseNow() // fails if the connection is closed already
	log.Info().AnErr("reason", err).Msg("a subscriber has left")
}

// play sends the recording once, or again and again.
func (p player) play(ctx context.Context, conn *websocket.Conn) error {
	for {
		err := p.playOnce(ctx, conn)
		if err != nil || !p.loop {
			return err
		}
	}
}

func (p player) playOnce(ctx context.Context, conn *websocket.Conn) error {
	pace := recording.NewPace(float64(p.speed))
	return eachRecord(p.file, func(r recording.Record) error {
		if p.speed > 0 && !driver.Sleep(ctx, pace.Wait(r.Time, time.Now())) {
			return ctx.Err()
		}
		ctx, cancel := context.WithTimeout(ctx, p.patience)
		defer cancel()
		return conn.Write(ctx, r.Kind, r.Payload)
	})
}
