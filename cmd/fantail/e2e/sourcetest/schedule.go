package sourcetest

import "time"

// schedule holds what a session is going to do, by name. It has a handful of
// entries, so it looks at them all. One goroutine.
type schedule struct{ entries map[string]entry }

type entry struct {
	at time.Time
	do func() error
}

// set plans do under a name, in the place of what was planned under it before.
func (s *schedule) set(name string, at time.Time, do func() error) {
	if s.entries == nil {
		s.entries = make(map[string]entry)
	}
	s.entries[name] = entry{at, do}
}

// cancel forgets what is planned under a name, if anything is.
func (s *schedule) cancel(name string) { delete(s.entries, name) }

// wait returns how long it is until the next entry.
func (s *schedule) wait(now time.Time) time.Duration {
	_, e := s.first()
	if e.do == nil {
		return time.Hour // there is nothing; the caller asks again
	}
	return max(0, e.at.Sub(now))
}

// run does what is due, in its order, until something fails.
func (s *schedule) run(now time.Time) error {
	for {
		name, e := s.first()
		if e.do == nil || e.at.After(now) {
			return nil
		}
		delete(s.entries, name)
		if err := e.do(); err != nil {
			return err
		}
	}
}

// first returns the earliest entry; of two at the same time, the one whose name
// comes first, so that a run can be repeated.
func (s *schedule) first() (name string, first entry) {
	for n, e := range s.entries {
		if first.do == nil || e.at.Before(first.at) || e.at.Equal(first.at) && n < name {
			name, first = n, e
		}
	}
	return name, first
}
