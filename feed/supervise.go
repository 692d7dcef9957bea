package feed

import (
	"context"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"fantail/hub"
)

// supervise keeps one connection to the source at a time, as doc.go says.
func (f *Feed) supervise(ctx context.Context) error {
	retry := newRetry()
	if d, ok := f.driver.(interface{ retryWithin() time.Duration }); ok {
		retry.within(d.retryWithin())
	}
	for {
		err := f.connect(ctx, retry)
		failed, again := errors.AsType[*failure](err)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == io.EOF:
			f.log.Info().Msg("source has ended; clients stay connected")
			f.tellAway()
			return nil
		case !again:
			return err
		}
		wait := retry.next()
		f.meter.down(time.Now(), failed.reason)
		f.log.Warn().Stringer("reason", failed.reason).Err(failed).
			Dur("retry_in", wait).Msg("source is away")
		f.tellAway()
		if !sleep(ctx, wait) {
			return nil
		}
	}
}

// connect opens one connection and relays until it ends. It never returns nil.
func (f *Feed) connect(ctx context.Context, retry *retry) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	s, err := f.driver.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	f.arrived(time.Now())
	probing(ctx).opened()
	err = f.relay(ctx, s, newWatchdog(f.idle, end), retry)
	if cause, ok := errors.AsType[*failure](context.Cause(ctx)); ok {
		return cause // the watchdog's reason, not what the stream made of it
	}
	return err
}

// relay publishes the stream's messages until it or ctx ends.
func (f *Feed) relay(ctx context.Context, s stream, dog *watchdog, retry *retry) error {
	defer dog.stop()
	opened := time.Now()
	for {
		if err := ctx.Err(); err != nil { // not one message more than was published
			return err
		}
		in, err := s.next()
		now := time.Now()
		drop, unusable := err.(DropReason)
		lapse, lapsed := err.(*lapse)
		seam, seamed := err.(*seam)
		switch {
		case unusable:
			f.drop(now, drop)
		case lapsed:
			f.lapsed(lapse)
		case seamed:
			f.lapsed(seam.lapse)
			f.number(seam.name, seam.behind)
		case err != nil:
			return err
		default:
			f.publish(now, in)
		}
		dog.fed()
		if now.Sub(opened) >= settle {
			retry.reset()
		}
	}
}

// lapsed tells the operator what is missing; nil is nothing.
func (f *Feed) lapsed(l *lapse) {
	if l != nil {
		f.log.Warn().Uint64("missed", l.missed).Msg(l.text)
	}
}

// publish passes a message on. It is the one gate to the hub: text that is not
// UTF-8 stops here.
func (f *Feed) publish(now time.Time, in hub.Input) {
	if in.Kind == hub.Text && !utf8.Valid(in.Payload) {
		f.drop(now, DropNotUTF8)
		return
	}
	in.Time = now
	if f.keyer != nil {
		in.Key = f.cutKey(now, in)
	}
	f.meter.message(now, len(in.Payload))
	f.pub.Publish(in)
}

// cutKey returns the message's key. One that cannot be used is counted, and told
// now and then; its message has none.
func (f *Feed) cutKey(now time.Time, in hub.Input) string {
	key, err := f.keyer.key(in.Kind, in.Payload)
	if err != nil {
		f.meter.badKeys.Add(1)
		if n := f.keyGripe.count(now); n > 0 {
			f.log.Warn().Uint64("messages", n).
				Msgf("messages go without key, since theirs is longer than %d bytes or not UTF-8; correct FANTAIL_SOURCE_KEY", MaxKey)
		}
	}
	return key
}

// drop counts a message that is not published, and warns now and then.
func (f *Feed) drop(now time.Time, reason DropReason) {
	f.meter.drops[reason].Add(1)
	if n := f.gripe[reason].count(now); n > 0 {
		f.log.Warn().Stringer("reason", reason).Uint64("messages", n).
			Msg("dropped messages of the source; " + dropAdvice[reason])
	}
}

// arrived notes an open connection. The line it logs tells the whole outage.
func (f *Feed) arrived(now time.Time) {
	outage, tries, first := f.meter.up(now)
	switch {
	case first:
		f.log.Info().Int("failures", tries).Msg("source is connected")
	default:
		f.log.Info().Stringer("outage", outage.Round(time.Millisecond)).Int("failures", tries).
			Msgf("source is back after %v", outage.Round(100*time.Millisecond))
	}
	if f.away {
		f.away = false
		f.notify(true, outage)
	}
}

// tellAway tells of an outage, once.
func (f *Feed) tellAway() {
	if !f.away {
		f.away = true
		f.notify(false, 0)
	}
}

// watchdog ends a connection over which no message comes. One goroutine.
type watchdog struct {
	idle  time.Duration
	timer *time.Timer // nil = off
}

// newWatchdog starts a watchdog that calls end with a failure after idle
// without a call of fed. An idle of 0 switches it off.
func newWatchdog(idle time.Duration, end context.CancelCauseFunc) *watchdog {
	w := &watchdog{idle: idle}
	if idle > 0 {
		w.timer = time.AfterFunc(idle, func() {
			end(fail(ReasonIdle, "no message for %v; if this feed may be quiet for so long, raise FANTAIL_SOURCE_IDLE_TIMEOUT", idle))
		})
	}
	return w
}

func (w *watchdog) fed() {
	if w.timer != nil {
		w.timer.Reset(w.idle)
	}
}

func (w *watchdog) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

// gripeEvery is how often the log tells of one kind of dropped messages.
const gripeEvery = time.Minute

// gripe spaces out a complaint: the first is told at once, later ones at most
// once per gripeEvery, with their number. One goroutine.
type gripe struct {
	told   time.Time
	untold uint64
}

// count counts one, and returns how many to tell of; 0 = keep quiet.
func (g *gripe) count(now time.Time) uint64 {
	g.untold++
	if !g.told.IsZero() && now.Sub(g.told) < gripeEvery {
		return 0
	}
	n := g.untold
	g.told, g.untold = now, 0
	return n
}
