package renew

import (
	"errors"

	"fantail/feed/driver"
	"fantail/feed/stage"
)

// changeover decides what becomes of the events of two connections, and what to do next. It is a
// pure state machine that knows neither time nor sockets. Its caller does what the actions say.
type changeover struct {
	ids  *stage.Identifier
	old  *stage.Share // of the present connection, from which the feed comes
	hand *handover    // to the next connection; nil = there is no next connection
}

// action says what to do next.
type action uint8

const (
	carryOn     action = iota // do nothing
	openNext                  // the connection has reached its age: open another one beside it
	awaitMatch                // both are open: wait until both bring the same message
	awaitTail                 // both have brought one message: read both for some time more
	leaveOld                  // the next one has all that follows: leave the old one
	retryNext                 // there is no next one: open another one later
	replaceOld                // the old one has ended after it was left: the next one takes its place
	replaceLost               // the old one was lost: the next one takes its place
	endStream                 // no connection is left
)

// fromOld takes in an event of the present connection, and appends the events of the feed to out.
func (c *changeover) fromOld(out []driver.Event, m identified) ([]driver.Event, action) {
	switch {
	case c.hand != nil:
		out = c.hand.fromOld(out, m)
	case m.has && c.old.Seen(m.id):
		out = append(out, driver.Dropped(driver.DropCopy))
	default:
		out = append(out, m.Event)
	}
	return out, c.matched()
}

// fromNext takes in an event of the next connection. An event that is held back becomes a sign of
// life.
func (c *changeover) fromNext(out []driver.Event, m identified) ([]driver.Event, action) {
	before := len(out)
	if out = c.hand.fromNext(out, m); len(out) == before {
		out = append(out, driver.SignOfLife())
	}
	return out, c.matched()
}

// matched begins the handover's last part once both connections have brought the same
// message.
func (c *changeover) matched() action {
	if c.hand == nil || !c.hand.joined || c.hand.tail {
		return carryOn
	}
	c.hand.tail = true
	return awaitTail
}

// opened takes in that the next connection is open.
func (c *changeover) opened(next *stage.Share) action {
	c.hand = newHandover(c.ids, c.old, next)
	return awaitMatch
}

// due takes in that the present connection has reached its age, or that a wait is over.
func (c *changeover) due(out []driver.Event) ([]driver.Event, action) {
	if c.hand == nil {
		return out, openNext
	}
	if !c.hand.joined {
		out, c.hand.tail = c.hand.giveUp(out), true
	}
	c.hand.left = true
	return out, leaveOld
}

// nextEnded takes in that the next connection has ended while the present one goes on.
func (c *changeover) nextEnded() action {
	c.hand = nil
	return retryNext
}

// oldEnded takes in that the present connection has ended: after it was left, or too early.
func (c *changeover) oldEnded(out []driver.Event, err error) ([]driver.Event, action) {
	_, again := errors.AsType[*driver.Failure](err)
	do := replaceOld
	switch {
	case c.hand == nil:
		return out, endStream
	case c.hand.joined:
	case again:
		out, do = c.hand.giveUp(out), replaceLost
	default:
		return out, endStream
	}
	c.old, c.hand = c.hand.next, nil
	return out, do
}
