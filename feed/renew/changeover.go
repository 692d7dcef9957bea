package renew

import (
	"errors"

	"fantail/feed/driver"
	"fantail/feed/stage"
)

// changeover says what becomes of what two connections bring, and what is to be done
// next: a pure state machine that knows neither time nor sockets. Its caller does what
// the actions say.
type changeover struct {
	ids  *stage.Identifier
	old  *stage.Share // of the connection that the feed comes from
	hand *handover    // with the next connection; nil = there is none
}

// action is what is to be done next.
type action uint8

const (
	carryOn     action = iota // nothing
	openNext                  // the connection is old: open another beside it
	awaitMatch                // both run: wait until both bring the same message
	awaitTail                 // both have brought one: read both for a while more
	leaveOld                  // the next one has all that follows: leave the old one
	retryNext                 // there is no next one: open another later
	replaceOld                // the old one has ended as it was told to: the next one takes its place
	replaceLost               // the old one was lost: likewise
	endStream                 // there is nothing to go on with
)

// fromOld takes an event of the present connection, and appends to out what the feed
// gets.
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

// fromNext takes an event of the next connection. What is held back is a sign of life
// all the same.
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

// due takes in that the present connection is old, or that a wait is over.
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

// nextEnded takes in that the next connection has ended, while the present one goes
// on.
func (c *changeover) nextEnded() action {
	c.hand = nil
	return retryNext
}

// oldEnded takes in that the present connection has ended: as it was told to, or too
// early.
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
