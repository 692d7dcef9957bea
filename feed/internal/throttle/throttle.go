// Package throttle spaces log lines about repeated events. It counts, and leaves the logging to its
// caller.
package throttle

import "time"

// Every is how often a line is due.
const Every = time.Minute

// Log says when a line is due: the first one at once, later ones at most once per Every, each with the
// number of events that it stands for. The zero value is ready. One goroutine uses it.
type Log struct {
	told   time.Time
	untold uint64
}

// Count counts one event, and returns how many a log line has to tell of; 0 = no line is due.
func (l *Log) Count(now time.Time) uint64 {
	l.untold++
	if !l.told.IsZero() && now.Sub(l.told) < Every {
		return 0
	}
	n := l.untold
	l.told, l.untold = now, 0
	return n
}
