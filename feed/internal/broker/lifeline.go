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

// Lifeline ends an open line with its context, and when the broker gives no
// sign of life: none for one interval makes it ask, none for another makes it
// close the line. One goroutine beside the stream's.
type Lifeline struct {
	// Static after newLifeline.
	*Link
	every  time.Duration
	unhook func() bool     // keeps leave from being called
	left   chan struct{}   // closed when leave was called
	done   chan struct{}   // closed by end; ends watch
	ctx    context.Context // ends with end, for what else the stream runs
	cancel context.CancelFunc

	wg   sync.WaitGroup
	dead atomic.Bool // given up for its silence; set by watch
}

// NewLifeline starts the watch. ask, if there is one, sends what the broker
// answers; it may block until the line is closed. The end of ctx calls leave,
// which says goodbye within CloseTimeout or just closes the line; nil does the
// latter.
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
	f.wg.Go(func() { f.watch(ask) }) // ended by end, or by a silent broker
	return f
}

// Go runs what belongs to the stream. f ends with the lifeline's context, or with its line.
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

// ask calls what asks the broker. One that takes no bytes either is given up
// after an interval.
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

// End closes the line, unless a goodbye is under way that does it, and ends the
// watch.
func (f *Lifeline) End() {
	if !f.unhook() {
		<-f.left
	}
	close(f.done)
	f.cancel()
	f.Link.Close()
	f.wg.Wait()
}

// Explain turns what ended the reading of an open line into a failure. err is
// what the library says, which may have forgotten what the line said.
func (f *Lifeline) Explain(err error) *driver.Failure {
	if broke := f.broke.Load(); broke != nil && !errors.Is(*broke, net.ErrClosed) {
		err = *broke
	}
	switch {
	case f.dead.Load():
		return driver.Fail(driver.ReasonPing, "the broker gave no sign of life for %v; look whether it hangs or is overloaded, or raise %v", 2*f.every, driver.SettingPing)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return driver.Fail(driver.ReasonLost, "the broker closed the connection: it stopped, or its log says why")
	case errors.Is(err, syscall.ECONNRESET):
		return driver.Fail(driver.ReasonLost, "the connection was reset; the broker was killed, or a firewall cut it")
	}
	return driver.Fail(driver.ReasonLost, "the connection broke: %w", err)
}
