package broker

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"fantail/feed/driver"
)

// Lifeline closes an open link at the end of its context, and when the broker gives no sign
// of life. After one interval without a byte it asks the broker for one. After another
// interval it closes the link. It has a goroutine of its own, watch, which End ends.
type Lifeline struct {
	// Static after NewLifeline.
	*Link
	every  time.Duration
	unhook func() bool     // keeps leave from being called
	left   chan struct{}   // closed when leave has returned
	done   chan struct{}   // closed by End; ends watch
	ctx    context.Context // ended by End; for the stream's other goroutines
	cancel context.CancelFunc

	wg   sync.WaitGroup
	dead atomic.Bool // the link was closed because of its silence; set by watch
}

// NewLifeline starts the watch. ask sends something that the broker answers; it may block
// until the link is closed; nil = the broker speaks by itself. The end of ctx calls leave,
// which says goodbye within driver.CloseTimeout; nil = no goodbye. Then the link is closed.
func NewLifeline(ctx context.Context, l *Link, every time.Duration, ask func() error, leave func()) *Lifeline {
	f := &Lifeline{Link: l, every: every, left: make(chan struct{}), done: make(chan struct{})}
	f.ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	f.unhook = context.AfterFunc(ctx, func() {
		defer close(f.left)
		if leave != nil {
			leave()
		}
		l.Close()
	})
	f.wg.Go(func() { f.watch(ask) }) // ended by End, or by a silent broker
	return f
}

// Go runs a goroutine of the stream. run ends with the lifeline's context or with the link.
// End waits for it.
func (f *Lifeline) Go(run func()) { f.wg.Go(run) }

func (f *Lifeline) watch(ask func() error) {
	tick := time.NewTicker(f.every)
	defer tick.Stop()
	seen, asked := f.reads.Load(), false
	for {
		select {
		case <-f.done:
			return
		case <-tick.C:
		}
		switch reads := f.reads.Load(); {
		case reads != seen:
			seen, asked = reads, false
		case asked:
			f.dead.Store(true)
			f.Link.Close()
			return
		default:
			asked = true
			f.ask(ask)
		}
	}
}

// ask asks the broker for a sign of life. If the broker does not even read the question, the
// link is closed after an interval.
func (f *Lifeline) ask(ask func() error) {
	if ask == nil {
		return
	}
	late := time.AfterFunc(f.every, func() { f.dead.Store(true); f.Link.Close() })
	defer late.Stop()
	if ask() != nil {
		f.Link.Close() // the reader says why
	}
}

// End closes the link, and waits for all goroutines. If ctx has ended it first waits for the
// goodbye. It is called once.
func (f *Lifeline) End() {
	if !f.unhook() {
		<-f.left
	}
	close(f.done)
	f.cancel()
	f.Link.Close()
	f.wg.Wait()
}

// Explain turns the end of an open link into a failure. err is the library's error. The
// link's own read error comes first, because a library may have lost it.
func (f *Lifeline) Explain(err error) *driver.Failure {
	if broke := f.broke.Load(); broke != nil && !errors.Is(*broke, net.ErrClosed) {
		err = *broke
	}
	switch {
	case f.dead.Load():
		return driver.Fail(driver.ReasonPing, "the broker gave no sign of life for %v; check whether it hangs or is overloaded, or raise %v", 2*f.every, driver.SettingPing)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return driver.Fail(driver.ReasonLost, "the broker closed the connection: it stopped, or its log says why")
	case errors.Is(err, syscall.ECONNRESET):
		return driver.Fail(driver.ReasonLost, "the connection was reset; the broker was killed, or a firewall cut it")
	}
	return driver.Fail(driver.ReasonLost, "the connection broke: %w", err)
}
