package renew

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/internal/retry"
)

const (
	// overlapWait is how long a handover waits for a message that both
	// connections bring, before it goes over without.
	matchWait = 10 * time.Second
	// overlapTail is how long both are read behind that message: what the source
	// sent in another order over each may still be on its way.
	tailWait = 3 * time.Second
)

// stream is one connection after the other. It does what changeover says: its
// Next runs in Run's goroutine, which owns all fields. Each connection has a goroutine
// that reads it and lends one event at a time, and so has the opening of the next one.
type stream struct {
	// Static after Open.
	cfg     Config
	source  driver.Driver
	ctx     context.Context // its end ends all goroutines
	end     context.CancelFunc
	dialled chan dialled // an opening's result; never closed
	wg      sync.WaitGroup

	active *activeConn // the connection that the feed comes from
	next   *activeConn // the one that takes over; nil = none
	change changeover
	alarm  *time.Timer  // what is due next: the next opening, or the end of a wait
	waits  *retry.Waits // of openings that failed

	ready        []driver.Event // to return, before anything is read
	borrowedFrom *activeConn    // whose event was returned and is not given back
}

// Next returns the next event of whichever connection has one to give.
func (s *stream) Next() (driver.Event, error) {
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

// giveBack lets the connection read on whose event was returned.
func (s *stream) giveBack() {
	if s.borrowedFrom != nil {
		select {
		case <-s.borrowedFrom.taken:
		case <-s.ctx.Done():
		}
		s.borrowedFrom = nil
	}
	s.ready = s.ready[:0]
}

// wait takes in one event of a connection, or does what is due.
func (s *stream) wait() error {
	var do action
	var cause error
	select {
	case r := <-s.active.results():
		if cause = r.err; cause != nil {
			s.ready, do = s.change.oldEnded(s.ready, cause)
		} else {
			s.ready, do = s.change.fromOld(s.ready, s.borrow(s.active, r.ev))
		}
	case r := <-s.next.results():
		if cause = r.err; cause != nil {
			do = s.change.nextEnded()
		} else {
			s.ready, do = s.change.fromNext(s.ready, s.borrow(s.next, r.ev))
		}
	case d := <-s.dialled:
		if cause = d.err; cause != nil {
			do = retryNext
		} else {
			s.next = s.read(d)
			do = s.change.opened(s.next.share)
		}
	case <-s.alarm.C:
		s.ready, do = s.change.due(s.ready)
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
	return s.do(do, cause)
}

// borrow identifies an event that belongs to a connection until it is given back.
func (s *stream) borrow(from *activeConn, ev driver.Event) identified {
	s.borrowedFrom = from
	m := identified{Event: ev}
	if ev.Kind == driver.KindMessage {
		m.id, m.has = s.cfg.IDs.Of(ev.Message)
	}
	return m
}

// do does what the changeover says. An error ends the stream.
func (s *stream) do(what action, cause error) error {
	switch what {
	case openNext:
		s.dialBeside()
	case awaitMatch:
		s.alarm.Reset(matchWait)
	case awaitTail:
		s.alarm.Reset(tailWait)
	case leaveOld: // its end is the handover's, and may take a while
		s.active.leave()
	case retryNext:
		s.next.drop()
		s.next = nil
		s.tryAgain(cause)
	case replaceOld:
		s.cfg.Failed(driver.ReasonMaxAge)
		s.cfg.Log.Info().Msg(s.cfg.Names.Sprintf("source has a new connection; the old one was left at its %v", driver.SettingMaxAge))
		s.replace()
	case replaceLost:
		failed, _ := errors.AsType[*driver.Failure](cause)
		s.cfg.Lost(failed)
		s.replace()
	case endStream:
		return cause
	}
	return nil
}

// replace makes the next connection the present one.
func (s *stream) replace() {
	s.active.drop()
	s.active, s.next = s.next, nil
	s.waits.Reset()
	s.alarm.Reset(AgeOf(s.cfg.Age))
}

// tryAgain waits before the next opening. What can never be opened is for supervision
// to find out, when the present connection has ended.
func (s *stream) tryAgain(err error) {
	failed, ok := errors.AsType[*driver.Failure](err)
	if !ok {
		failed = driver.Fail(driver.ReasonLost, "%w", err)
	}
	wait := retry.First + s.waits.Next(failed.AtLeast)
	s.cfg.Failed(failed.Reason)
	s.cfg.Log.Warn().Stringer("reason", failed.Reason).Str(zerolog.ErrorFieldName, s.cfg.Names.Text(failed)).Dur("retry_in", wait).
		Msg("no new connection to the source; the old one goes on")
	s.alarm.Reset(wait)
}

// Close closes all connections, and waits for all goroutines.
func (s *stream) Close() {
	s.alarm.Stop()
	s.end()
	s.wg.Wait()
	s.active.drop()
	s.next.drop()
}
