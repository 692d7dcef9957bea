package relay

import (
	"io"
	"regexp"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"fantail/hub"
	"fantail/hub/setting"
)

// UplinkMode says what happens to messages that clients send.
type UplinkMode uint8

const (
	UplinkReject  UplinkMode = iota // the client is closed with 1008
	UplinkIgnore                    // the messages are read and dropped
	UplinkForward                   // the messages that may go to the source are sent there
)

const (
	uplinkBuffer = 4 << 10  // bytes; most messages fit in
	uplinkHeld   = 16 << 20 // bytes of messages that may be under way at once, or 4 of the longest messages
	uplinkSlack  = 512      // bytes beyond the longest message: room to see its end
)

// rejectReasons are the reasons for which a message can be rejected, as the metric has
// them.
var rejectReasons = [...]hub.Reason{hub.Uplink, hub.Flood, hub.TooLarge, hub.NotUTF8, hub.Busy}

// uplink carries messages from the clients to the source. Any goroutine.
type uplink struct {
	// static after newUplink
	mode    UplinkMode
	forward func(kind hub.Kind, payload []byte) error
	allow   *regexp.Regexp
	rate    rate.Limit // messages a second a client; 0 is no limit
	burst   int
	largest int64
	most    int64 // the most bytes that buffers may hold
	names   setting.Namer
	log     zerolog.Logger

	buffers sync.Pool    // *[]byte of uplinkBuffer bytes
	held    atomic.Int64 // bytes of buffers in use

	forwarded, ignored atomic.Uint64
	rejected           [hub.Reasons]atomic.Uint64
}

func newUplink(c Uplink, names setting.Namer, log zerolog.Logger) *uplink {
	u := &uplink{
		mode: c.Mode, forward: c.Forward, allow: c.Allow, largest: c.MaxMessage, names: names,
		rate: rate.Limit(c.Rate), burst: max(1, c.Burst),
		most: max(uplinkHeld, 4*(c.MaxMessage+uplinkSlack)), log: sampled(log, time.Minute),
	}
	u.buffers.New = func() any { b := make([]byte, uplinkBuffer); return &b }
	return u
}

// rejectedMessage is the error for a message that is not taken: the reason that its
// client is told.
type rejectedMessage hub.Reason

func (r rejectedMessage) Error() string { return "relay: message rejected: " + hub.Reason(r).String() }

// send passes a whole message on, or returns why it does not.
func (u *uplink) send(kind hub.Kind, payload []byte) error {
	switch {
	case int64(len(payload)) > u.largest: // the library lets one more byte pass
		return rejectedMessage(hub.TooLarge)
	case kind == hub.Text && !utf8.Valid(payload):
		return rejectedMessage(hub.NotUTF8)
	case !u.allow.Match(payload):
		return rejectedMessage(hub.Uplink)
	}
	if err := u.forward(kind, payload); err != nil {
		u.log.Warn().Str(zerolog.ErrorFieldName, u.names.Text(err)).Msg("a client's message was not sent to the source; the client is told that the relay is busy")
		return rejectedMessage(hub.Busy)
	}
	u.forwarded.Add(1)
	return nil
}

// buffer holds one message of a client. It grows with what comes, not with what was
// announced, and all buffers together are bounded. One goroutine uses it.
type buffer struct {
	of     *uplink
	pooled *[]byte // where room comes from; nil once it has grown beyond
	room   []byte
	n      int // bytes of the message
}

func (b *buffer) bytes() []byte { return b.room[:b.n] }

// fill reads a message to its end. A message for which there is no room is rejected as
// busy.
func (b *buffer) fill(r io.Reader) error {
	for {
		if b.n == len(b.room) && !b.grow() {
			return rejectedMessage(hub.Busy)
		}
		n, err := r.Read(b.room[b.n:])
		b.n += n
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// grow makes room, unless too much is held. It reports whether it did.
func (b *buffer) grow() bool {
	had, size := len(b.room), uplinkBuffer
	if had > 0 {
		size = max(min(4*had, int(b.of.largest)+uplinkSlack), had+uplinkSlack)
	}
	if b.of.held.Add(int64(size-had)) > b.of.most {
		b.of.held.Add(int64(had - size))
		return false
	}
	if had == 0 {
		b.pooled = b.of.buffers.Get().(*[]byte)
		b.room = *b.pooled
		return true
	}
	room := make([]byte, size)
	copy(room, b.bytes())
	b.giveBack()
	b.room = room
	return true
}

// release gives the buffer back. It is called once.
func (b *buffer) release() {
	b.giveBack()
	b.of.held.Add(-int64(len(b.room)))
}

func (b *buffer) giveBack() {
	if b.pooled != nil {
		b.of.buffers.Put(b.pooled)
		b.pooled = nil
	}
}
