package check

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/dustin/go-humanize"

	"fantail/cmd/fantail/internal/config"
	"fantail/cmd/fantail/internal/text"
	"fantail/feed"
	"fantail/feed/driver"
	"fantail/hub"
)

// checkWatch watches the messages of a source. It ends one window after the first message,
// or one window after the opening if no message comes.
type checkWatch struct {
	window time.Duration
	stop   context.CancelFunc
	report *checkReport

	opened bool // owned by the probe's goroutine

	mu      sync.Mutex // guards the fields below; the timer has its own goroutine
	timer   *time.Timer
	since   time.Time // the opening
	over    bool      // later messages do not count
	watched watched
}

// watched sums up the messages.
type watched struct {
	messages int
	bytes    uint64
	largest  int
	first    time.Time
	took     time.Duration // from the first message to the end
}

func newCheckWatch(window time.Duration, stop context.CancelFunc, r *checkReport) *checkWatch {
	return &checkWatch{window: window, stop: stop, report: r}
}

// open starts to watch.
func (w *checkWatch) open() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opened, w.since = true, time.Now()
	w.timer = time.AfterFunc(w.window, func() { w.end(); w.stop() })
}

// Publish counts a message and reports the first one.
func (w *checkWatch) Publish(in hub.Input) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over:
		return
	case w.watched.messages == 0:
		w.watched.first = in.Time
		w.timer.Reset(w.window)
		w.report.firstMessage(in, in.Time.Sub(w.since))
	}
	w.watched.messages++
	w.watched.bytes += uint64(len(in.Payload))
	w.watched.largest = max(w.watched.largest, len(in.Payload))
}

// end ends the count. Only the first call counts.
func (w *checkWatch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		w.over = true
		w.watched.took = time.Since(w.watched.first)
	}
}

// result ends the watch and returns the sums.
func (w *checkWatch) result() watched {
	w.timer.Stop()
	w.end()
	return w.watched
}

// firstMessage shows the beginning of a message.
func (r *checkReport) firstMessage(in hub.Input, after time.Duration) {
	r.ok("message", "%s, %s, after %v", in.Kind, humanize.IBytes(uint64(len(in.Payload))), text.Brief(after))
	if in.Kind == hub.Text {
		r.verbatim(text.Excerpt(in.Payload, 120))
	}
}

// watched reports the messages and the end of the watch. err is nil if that was the end
// of the window.
func (r *checkReport) watched(w watched, err error, c config.Config) {
	switch {
	case w.messages == 0:
		r.silent(err, c)
		return
	case err != nil && err != io.EOF:
		r.fail("rate", "%s messages, then %v. %s", humanize.Comma(int64(w.messages)), config.Named(err), droppedAdvice)
		return
	}
	rate, bytes := float64(w.messages)/w.took.Seconds(), float64(w.bytes)/w.took.Seconds()
	if err == io.EOF {
		r.ok("rate", "%s messages, %s in %v, then the source ended", humanize.Comma(int64(w.messages)), humanize.IBytes(w.bytes), text.Brief(w.took))
	} else {
		r.ok("rate", "%s messages/s, %s/s over %v; the largest message has %s", humanize.CommafWithDigits(rate, 1),
			humanize.IBytes(uint64(bytes)), text.Brief(w.took), humanize.IBytes(uint64(w.largest)))
		r.ring(rate, bytes, c)
	}
	if int64(w.largest) > c.Feed.Messages.MaxMessage/2 {
		r.warn("size", "a message had more than half of FANTAIL_SOURCE_MAX_MESSAGE; a larger one would end the connection, so raise it")
	}
}

const droppedAdvice = "Some sources drop who does not subscribe (FANTAIL_SOURCE_SEND), does not log in (FANTAIL_SOURCE_HEADERS), " +
	"or has another connection already: the relay itself may be that one."

// silent reports a source that sent nothing.
func (r *checkReport) silent(err error, c config.Config) {
	frames, _ := c.Feed.Sending.Frames() // it was read a moment ago
	switch {
	case err == io.EOF:
		r.fail("message", "the source ended without one; see what FANTAIL_SOURCE_URL names")
	case err != nil:
		r.fail("message", "none: %v. %s", config.Named(err), droppedAdvice)
	case localSource(c.Feed.Sources.URL) != "":
		r.warn("message", "none came; is there something to read? Watch longer, with -for 1m")
	case feed.IsBroker(c.Feed.Sources.URL):
		r.warn("message", "none came. A quiet feed is legal; publish something to it while this watches, or watch longer, with -for 1m")
	case len(frames) == 0:
		r.warn("message", "none came. A quiet feed is legal, but many say nothing until they are asked: set FANTAIL_SOURCE_SEND "+
			`to what the source's manual calls its subscription, such as '[{"op":"subscribe"}]'. Or watch longer, with -for 1m`)
	default:
		r.warn("message", "none came. A quiet feed is legal, but the source may not have understood what FANTAIL_SOURCE_SEND says: "+
			"compare it with the source's manual. Or watch longer, with -for 1m")
	}
}

// ring reports for how long the ring holds a feed like this one.
func (r *checkReport) ring(rate, bytes float64, c config.Config) {
	const overhead = 128 // bytes that the ring counts for each message beside its payload
	seconds, bound := float64(c.Hub.Ring.Messages)/rate, "FANTAIL_RING_MESSAGES"
	if byBytes := float64(c.Hub.Ring.Bytes) / (bytes + overhead*rate); byBytes < seconds {
		seconds, bound = byBytes, "FANTAIL_RING_BYTES"
	}
	switch {
	case seconds > 3600:
		r.ok("ring", "holds more than an hour of a feed like this, for clients that come back")
	case seconds < c.Hub.Queue.Stall.Seconds():
		r.warn("ring", "holds %.1f s of a feed like this, so that a client that pauses for longer is lost, sooner than after "+
			"FANTAIL_STALL_TIMEOUT (%v); raise %s", seconds, c.Hub.Queue.Stall, bound)
	default:
		r.ok("ring", "holds %v of a feed like this, for clients that come back (%s)", time.Duration(seconds)*time.Second, bound)
	}
}

// dropped warns of messages that a relay would drop.
func (r *checkReport) dropped(drops map[driver.DropReason]uint64) {
	if n := drops[driver.DropNotUTF8]; n > 0 {
		r.warn("dropped", "%s messages came as text but are not UTF-8; clients could not read them, so the relay drops them", humanize.Comma(int64(n)))
	}
	if n := drops[driver.DropTooLarge]; n > 0 {
		r.warn("dropped", "%s lines were longer than FANTAIL_SOURCE_MAX_MESSAGE; raise it", humanize.Comma(int64(n)))
	}
}
