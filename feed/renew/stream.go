package renew

import (
	"context"
	"errors"
	"sync"
	"time"

	"fantail/feed/driver"
	"fantail/feed/internal/retry"
)

const (
	// matchWait is how long a handover waits for a message that both connections bring,
	// before it goes over without one.
	matchWait = 10 * time.Second
	// tailWait is how long both are read after that message. The source may send messages
	// in another order over each connection, and some may still be on their way.
	tailWait = 3 * time.Second
)

// stream is one connection after the other. It does what changeover says. Next runs in Run's
// goroutine, which owns all fields. A goroutine of its own reads each connection and lends one
// event at a time. Another one opens the next connection.
type stream struct {
	// Static after Open.
	cfg     Config
	source  driver.Driver
	ctx     context.Context // its end ends all goroutines
	end     context.CancelFunc
	dialled chan dialled // the result of an opening; never closed
	wg      sync.WaitGroup

	active *activeConn // the connection from which the feed comes
	next   *activeConn // the connection that takes over; nil = none
	change changeover
	alarm  *time.Timer  // for the next opening, or the end of a wait
	waits  *retry.Waits // after openings that failed

	ready        []driver.Event // to be returned before anything is read
	borrowedFrom *activeConn    // the owner of the event that is not given back; nil = none
}

// Next returns the next event of either connection.
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

// giveBack gives the last event back to its connection, which then reads on.
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

// wait waits for one event of a connection, the result of an opening, or the alarm, and does what
// follows from it.
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

// borrow notes that an event belongs to a connection until it is given back, and identifies the
// event.
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
	case leaveOld: // its end completes the handover, and may take some time
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

// tryAgain waits before the next opening. Supervision finds out whether the source can never be
// opened again, when the present connection has ended.
func (s *stream) tryAgain(err error) {
	failed, ok := errors.AsType[*driver.Failure](err)
	if !ok {
		failed = driver.Fail(driver.ReasonLost, "%w", err)
	}
	wait := retry.First + s.waits.Next(failed.AtLeast)
	s.cfg.Failed(failed.Reason)
	failed.LogTo(s.cfg.Log.Warn(), s.cfg.Names).Dur("retry_in", wait).Msg("no new connection to the source; the old one goes on")
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
