package feed

import (
	"context"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/renew"
	"fantail/hub"
	"fantail/hub/setting"
)

// settle is the age that a connection must have when it delivers a message for the waits to start
// over. A source that greets and drops has not recovered.
const settle = 10 * time.Second

// run keeps one connection to the source at a time, as doc.go says, until ctx
// ends, which is no error, or the source has ended for good, which is io.EOF, or
// can never be read on. After the end of ctx it may be called again.
func (f *source) run(ctx context.Context) error {
	defer func() { f.meter.stop(time.Now()) }()
	for {
		err := f.connect(ctx)
		failed, again := errors.AsType[*driver.Failure](err)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == io.EOF:
			f.log.Info().Msg("source has ended; clients stay connected")
			return err
		case !again:
			return err
		}
		if failed.Reason == driver.ReasonMaxAge && f.age >= settle {
			f.waits.Reset() // also if it brought no message
		}
		wait := f.waits.Next(failed.AtLeast)
		f.meter.down(time.Now(), failed.Reason)
		failed.LogTo(f.log.WithLevel(levelOf(failed.Reason)), f.names).Dur("retry_in", wait).Msg("source is away")
		f.out.down(wait, failed.Reason == driver.ReasonMaxAge)
		if !driver.Sleep(ctx, wait) {
			return nil
		}
	}
}

// connect opens one connection and relays until it ends. It never returns nil.
func (f *source) connect(ctx context.Context) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	s, err := f.driver.Open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	f.connected(time.Now())
	driver.Report(ctx, driver.Step{Kind: driver.StepOpen})
	defer f.retire(end)()
	err = f.relay(ctx, s, newWatchdog(f.idle, end))
	if cause, ok := errors.AsType[*driver.Failure](context.Cause(ctx)); ok {
		return cause // the watchdog's reason, not what the stream made of it
	}
	return err
}

// retire ends a connection when it has reached its age. cancel stops that.
func (f *source) retire(end context.CancelCauseFunc) (cancel func() bool) {
	if f.age == 0 {
		return func() bool { return true }
	}
	return time.AfterFunc(renew.AgeOf(f.age), func() {
		end(driver.Fail(driver.ReasonMaxAge, "the connection is as old as %v lets it become", driver.SettingMaxAge))
	}).Stop
}

// changedOver notes that a connection was lost while its successor was open
// already: there is hardly an outage, but something may be missing.
func (f *source) changedOver(failed *driver.Failure) {
	f.meter.down(time.Now(), failed.Reason)
	failed.LogTo(f.log.Warn(), f.names).Msg("source is away; its next connection is open")
	f.out.down(0, true)
	f.connected(time.Now())
}

// relay publishes the stream's messages until it or ctx ends.
func (f *source) relay(ctx context.Context, s driver.Stream, dog *watchdog) error {
	defer dog.stop()
	opened := time.Now()
	for {
		if err := ctx.Err(); err != nil { // so that no message is taken that is not published
			return err
		}
		ev, err := s.Next()
		if err != nil {
			return err
		}
		now := time.Now()
		switch ev.Kind {
		case driver.KindMessage:
			f.publish(now, ev.Message)
		case driver.KindDropped:
			f.drop(now, ev.Drop)
		case driver.KindGap:
			f.lost(ev.Break.Loss)
		case driver.KindNumberingStart:
			f.lost(ev.Break.Loss)
			f.number(ev.Break.Name, ev.Break.Behind)
		}
		dog.fed()
		if now.Sub(opened) >= settle {
			f.waits.Reset()
			f.meter.alarm.Store(false)
		}
	}
}

// lost logs a loss, if there is one.
func (f *source) lost(l driver.Loss) {
	if l.Detail != nil {
		f.log.Warn().Uint64("missed", l.Missed).Msg(f.names.Text(l.Detail))
	}
}

// publish passes a message on. It is the one gate to the hub: text that is not
// UTF-8 stops here.
func (f *source) publish(now time.Time, in *hub.Input) {
	if in.Kind == hub.Text && !utf8.Valid(in.Payload) {
		f.drop(now, driver.DropNotUTF8)
		return
	}
	in.Time = now
	if f.keyer != nil {
		in.Key = f.cutKey(now, in)
	}
	f.meter.message(now, len(in.Payload))
	f.out.Publish(*in)
}

// cutKey returns the message's key. A key that cannot be used is counted and logged at most once per
// throttle.Every, and its message has no key.
func (f *source) cutKey(now time.Time, in *hub.Input) string {
	key, err := f.keyer.Key(in.Kind, in.Payload)
	if err != nil {
		f.meter.badKeys.Add(1)
		if n := f.keyLog.Count(now); n > 0 {
			f.log.Warn().Uint64("messages", n).
				Msg(f.names.Sprintf("messages have no key, because theirs is longer than %d bytes or not UTF-8; correct %v", hub.MaxKey, driver.SettingKey))
		}
	}
	return key
}

// drop counts a message that is not published, and warns now and then.
func (f *source) drop(now time.Time, reason driver.DropReason) {
	f.meter.drops[reason].Add(1)
	advice := dropAdvice(reason)
	if advice == nil {
		return
	}
	if n := f.dropLog[reason].Count(now); n > 0 {
		f.log.Warn().Stringer("reason", reason).Uint64("messages", n).
			Msg(f.names.Sprintf("dropped messages of the source; %v", advice))
	}
}

// connected notes an open connection. Its log line tells the whole outage.
func (f *source) connected(now time.Time) {
	outage, tries, first := f.meter.up(now)
	switch {
	case first, outage == 0:
		f.log.Info().Int("failures", tries).Msg("source is connected")
	default:
		f.log.Info().Stringer("outage", outage.Round(time.Millisecond)).Int("failures", tries).
			Msgf("source is back after %v", outage.Round(100*time.Millisecond))
	}
	f.out.up(outage)
}

// watchdog ends a connection without messages. One goroutine uses it.
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
			end(driver.Fail(driver.ReasonIdle, "no message for %v; if this feed may be quiet for so long, raise %v", idle, driver.SettingIdleTimeout))
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

// levelOf returns the log level of a connection's end. A planned end is information, and a fatal
// answer is an error.
func levelOf(r driver.Reason) zerolog.Level {
	switch r {
	case driver.ReasonMaxAge:
		return zerolog.InfoLevel
	case driver.ReasonFatal:
		return zerolog.ErrorLevel
	}
	return zerolog.WarnLevel
}

// dropAdvice returns what the operator can change about dropped messages. It returns nil if the
// configuration asks for such drops, because no warning is needed then.
func dropAdvice(why driver.DropReason) error {
	switch why {
	case driver.DropNotUTF8:
		return errors.New("clients would close their connections over text that is not UTF-8; make the source send it as binary")
	case driver.DropTooLarge:
		return setting.Errorf("raise %v to have them relayed", driver.SettingMaxMessage)
	}
	return nil
}
