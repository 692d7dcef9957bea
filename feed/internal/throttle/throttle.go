// Package throttle spaces out log lines about what happens over and over. It counts,
// and leaves the logging to its caller.
package throttle

import "time"

// Every is how often a line is due.
const Every = time.Minute

// Log says when a line is due: the first one at once, later ones at most once per
// Every, with the number of times that they stand for. The zero value is ready. One
// goroutine.
type Log struct {
	told   time.Time
	untold uint64
}

// Count counts one, and returns how many to tell of; 0 = keep quiet.
func (l *Log) Count(now time.Time) uint64 {
	l.untold++
	if !l.told.IsZero() && now.Sub(l.told) < Every {
		return 0
	}
	n := l.untold
	l.told, l.untold = now, 0
	return n
}
