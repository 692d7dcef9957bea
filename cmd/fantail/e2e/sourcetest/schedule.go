package sourcetest

import "time"

// schedule holds the future actions of a session by name. It has few entries, so it
// looks at all of them. One goroutine at a time.
type schedule struct{ entries map[string]entry }

type entry struct {
	at time.Time
	do func() error
}

// set schedules an action under a name. It replaces the action of that name.
func (s *schedule) set(name string, at time.Time, do func() error) {
	if s.entries == nil {
		s.entries = make(map[string]entry)
	}
	s.entries[name] = entry{at, do}
}

// cancel removes the action of a name, if there is one.
func (s *schedule) cancel(name string) { delete(s.entries, name) }

// wait returns the time until the next action.
func (s *schedule) wait(now time.Time) time.Duration {
	_, e := s.first()
	if e.do == nil {
		return time.Hour // there is none; the caller asks again
	}
	return max(0, e.at.Sub(now))
}

// run runs the actions that are due, in order of time, until one fails.
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

// first returns the earliest entry. Of two at the same time it returns the one whose name
// sorts first, so that a run can be repeated.
func (s *schedule) first() (name string, first entry) {
	for n, e := range s.entries {
		if first.do == nil || e.at.Before(first.at) || e.at.Equal(first.at) && n < name {
			name, first = n, e
		}
	}
	return name, first
}
