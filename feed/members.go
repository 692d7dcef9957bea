package feed

import (
	"context"
	"io"
	"time"

	"github.com/rs/zerolog"
)

// memberState is the state of one of the sources.
type memberState struct {
	cancel context.CancelFunc // ends the source; nil = it does not run
	again  bool               // it runs again once it has ended
	done   bool               // it will never run again
	over   bool               // it was stopped and is ending
	up     bool               // it has an open connection
	tried  bool               // a connection was made or failed
}

// waiting reports whether a source may run later.
func (c *combination) waiting() bool {
	for i := range c.members {
		if !c.members[i].done {
			return !c.policy.due().IsZero()
		}
	}
	return false
}

// ended takes in that a source's goroutine has ended.
func (c *combination) ended(now time.Time, e report) {
	m := &c.members[e.from]
	m.cancel()
	stopped := e.err == nil // by stop, or with ctx
	again := m.again && stopped
	*m = memberState{done: !stopped, tried: m.tried || !stopped}
	c.live--
	if e.err != nil && e.err != io.EOF {
		c.errs = append(c.errs, e.err)
		c.sources[e.from].log.Error().Str(zerolog.ErrorFieldName, c.names.Text(e.err)).Msg("source can never be read on; the feed goes on without it")
	}
	switch {
	case c.ctx.Err() != nil:
	case again:
		c.start(e.from)
	case m.done:
		c.tell()
		c.policy.ended(now, e.from)
	}
}

// start runs a source. A source that is ending runs again once it has ended.
func (c *combination) start(i int) {
	m := &c.members[i]
	if m.cancel != nil {
		m.again = true
		return
	}
	if c.last != none && c.last != i {
		c.sources[i].forget() // another source brought what this one missed
	}
	var ctx context.Context
	ctx, m.cancel = context.WithCancel(c.ctx)
	c.live++
	go func() { // ends soon after ctx
		err := c.sources[i].run(ctx)
		c.reports <- report{from: i, kind: reportEnded, err: err}
	}()
}

// stop makes a source end soon. The policy leaves out what the source still brings.
func (c *combination) stop(i int) {
	m := &c.members[i]
	if m.cancel != nil {
		m.cancel()
		m.over, m.again, m.up = true, false, false
	}
}
