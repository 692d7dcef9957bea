package feed

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/internal/retry"
	"fantail/feed/stage"
	"fantail/hub/setting"
)

const (
	// overlapWait is how long a handover waits for a message that both
	// connections bring, before it goes over without.
	overlapWait = 10 * time.Second
	// overlapTail is how long both are read behind that message: what the source
	// sent in another order over each may still be on its way.
	overlapTail = 3 * time.Second
)

// renewal is a driver whose streams outlive their connections: when one has
// reached its age, another is opened beside it and takes over (handover).
type renewal struct {
	driver.Driver
	age    time.Duration
	ids    *stage.Identifier
	names  setting.Namer
	log    zerolog.Logger
	failed func(driver.Reason)   // counts a connection that was replaced or not made
	lost   func(*driver.Failure) // tells of one that ended before its successor had joined
}

func (r *renewal) Open(ctx context.Context) (driver.Stream, error) {
	s := &renewedStream{of: r, dialled: make(chan dialled), waits: retry.New()}
	s.ctx, s.end = context.WithCancel(ctx)
	first := s.dial()
	if first.err != nil {
		s.end()
		return nil, first.err
	}
	s.adopt(s.start(first))
	return s, nil
}

// renewedStream is one connection after the other. Its next runs in Run's
// goroutine, which owns all fields. Each connection has a goroutine that reads
// it and lends one message at a time, and so has the opening of the next one.
type renewedStream struct {
	of      *renewal
	ctx     context.Context // its end ends all goroutines
	end     context.CancelFunc
	dialled chan dialled // an opening's result; never closed
	wg      sync.WaitGroup

	now   *reading     // the connection that the feed comes from
	heir  *reading     // the one that takes over; nil = none
	over  *handover    // between the two; nil = none
	alarm *time.Timer  // what is due next: the next opening, or the end of a wait
	waits *retry.Waits // of openings that failed

	ready []driver.Event // to return, before anything is read
	lent  *reading       // whose message was returned and is not given back
}

// Next returns the next event of whichever connection has one to give.
func (s *renewedStream) Next() (driver.Event, error) {
	for len(s.ready) == 0 {
		s.giveBack()
		if err := s.wait(); err != nil {
			return driver.Event{}, err
		}
	}
	ev := s.ready[0]
	s.ready = s.ready[1:]
	return ev, nil
}

// giveBack lets the connection read on whose message was returned.
func (s *renewedStream) giveBack() {
	if s.lent != nil {
		select {
		case <-s.lent.taken:
		case <-s.ctx.Done():
		}
		s.lent = nil
	}
	s.ready = s.ready[:0]
}

// wait takes in one message, or does what is due.
func (s *renewedStream) wait() error {
	var heir chan arrival // nil = there is none
	if s.heir != nil {
		heir = s.heir.came
	}
	select {
	case a := <-s.now.came:
		return s.fromNow(a)
	case a := <-heir:
		s.fromHeir(a)
	case d := <-s.dialled:
		s.opened(d)
	case <-s.alarm.C:
		s.due()
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
	return nil
}

// fromNow takes a message of the present connection, or its end.
func (s *renewedStream) fromNow(a arrival) error {
	m, ended := s.arrived(s.now, a)
	switch {
	case ended != nil && s.over == nil:
		return ended
	case ended != nil:
		return s.succeed(ended)
	case s.over != nil:
		s.ready = s.over.fromOld(s.ready, m)
	case m.has && s.now.share.Seen(m.id):
		s.ready = append(s.ready, driver.Dropped(driver.DropCopy))
	default:
		s.ready = append(s.ready, m.Event)
	}
	s.joining()
	return nil
}

// fromHeir takes a message of the next connection. Its end means another try:
// the present one still runs.
func (s *renewedStream) fromHeir(a arrival) {
	m, ended := s.arrived(s.heir, a)
	if ended != nil {
		s.drop(s.heir)
		s.heir, s.over = nil, nil
		s.again(ended)
		return
	}
	s.ready = s.over.fromNew(s.ready, m)
	if len(s.ready) == 0 { // held: the source lives all the same
		s.ready = append(s.ready, driver.SignOfLife())
	}
	s.joining()
}

// arrived turns what a connection brought into a message, or its end.
func (s *renewedStream) arrived(from *reading, a arrival) (m arrived, ended error) {
	if a.err != nil {
		return m, a.err
	}
	m.Event = a.ev
	if a.ev.Kind == driver.KindMessage {
		m.id, m.has = s.of.ids.Of(a.ev.Message)
	}
	s.lent = from
	return m, nil
}

// joining begins the handover's last part once both connections have brought the
// same message.
func (s *renewedStream) joining() {
	if s.over != nil && s.over.joined && !s.over.tail {
		s.over.tail = true
		s.alarm.Reset(overlapTail)
	}
}

// due does what the alarm was set for.
func (s *renewedStream) due() {
	switch {
	case s.over == nil: // the present connection is old
		s.wg.Go(func() { // ends with the opening
			d := s.dial()
			if !offer(s.ctx, s.dialled, d) && d.err == nil {
				d.leave()
				d.stream.Close()
			}
		})
	case !s.over.joined:
		s.ready = s.over.giveUp(s.ready)
		s.leaveOld()
	default:
		s.leaveOld()
	}
}

// leaveOld ends the old connection; its end is the handover's, and may take a
// while.
func (s *renewedStream) leaveOld() {
	s.over.left = true
	s.now.leave()
}

// opened begins the handover to a connection, or waits for another try.
func (s *renewedStream) opened(d dialled) {
	if d.err != nil {
		s.again(d.err)
		return
	}
	s.heir = s.start(d)
	s.over = newHandover(s.of.ids, s.now.share, s.heir.share)
	s.alarm.Reset(overlapWait)
}

// again waits before the next opening. What can never be opened is for
// supervision to find out, when the present connection has ended.
func (s *renewedStream) again(err error) {
	failed, ok := errors.AsType[*driver.Failure](err)
	if !ok {
		failed = driver.Fail(driver.ReasonLost, "%w", err)
	}
	wait := retry.First + s.waits.Next(failed.AtLeast)
	s.of.failed(failed.Reason)
	s.of.log.Warn().Stringer("reason", failed.Reason).Str(zerolog.ErrorFieldName, s.of.names.Text(failed)).Dur("retry_in", wait).
		Msg("no new connection to the source; the old one goes on")
	s.alarm.Reset(wait)
}

// succeed ends the handover when the old connection has ended: as it was told to,
// or too early.
func (s *renewedStream) succeed(ended error) error {
	failed, known := errors.AsType[*driver.Failure](ended)
	switch {
	case s.over.joined:
		s.of.failed(driver.ReasonMaxAge)
		s.of.log.Info().Msg(s.of.names.Sprintf("source has a new connection; the old one was left at its %v", driver.SettingMaxAge))
	case known:
		s.ready = s.over.giveUp(s.ready)
		s.of.lost(failed)
	default:
		return ended
	}
	s.drop(s.now)
	heir := s.heir
	s.heir, s.over = nil, nil
	s.adopt(heir)
	return nil
}

// adopt makes a connection the present one.
func (s *renewedStream) adopt(r *reading) {
	s.now = r
	s.waits.Reset()
	age := ageOf(s.of.age)
	if s.alarm == nil {
		s.alarm = time.NewTimer(age)
	}
	s.alarm.Reset(age)
}

// drop closes a connection whose goroutine has ended.
func (s *renewedStream) drop(r *reading) {
	r.leave()
	r.share.Leave()
	r.stream.Close()
}

// Close closes all connections, and waits for all goroutines.
func (s *renewedStream) Close() {
	s.alarm.Stop()
	s.end()
	s.wg.Wait()
	s.drop(s.now)
	if s.heir != nil {
		s.drop(s.heir)
	}
}
