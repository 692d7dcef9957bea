package broker

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fantail/feed/driver"
)

// pipeLink returns a link and the broker's end of it. The link is read all the time, as a
// library would do.
func pipeLink(t *testing.T) (l *Link, broker net.Conn) {
	ours, broker := net.Pipe()
	l = NewLink(ours)
	t.Cleanup(func() { l.Close(); broker.Close() })
	go io.Copy(io.Discard, l) // ended by closing either end
	return l, broker
}

// TestLifeline: a broker is asked after one silent interval, and given up after another. A
// broker that answers, or speaks by itself, is kept.
func TestLifeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, broker := pipeLink(t)
		var asked atomic.Int32
		var mute atomic.Bool
		f := NewLifeline(t.Context(), l, time.Second, func() error {
			if asked.Add(1); !mute.Load() {
				broker.Write([]byte("pong"))
			}
			return nil
		}, nil)
		time.Sleep(10*time.Second + time.Millisecond)
		if n := asked.Load(); n < 4 || n > 6 || f.dead.Load() {
			t.Errorf("asked %d times in 10 s, dead %v", n, f.dead.Load())
		}
		mute.Store(true)
		began := time.Now()
		<-l.Closed
		if took := time.Since(began); took > 3*time.Second || !f.dead.Load() {
			t.Errorf("given up after %v, dead %v", took, f.dead.Load())
		}
		if why := f.Explain(net.ErrClosed); why.Reason != driver.ReasonPing {
			t.Errorf("explained as %v", why)
		}
		f.End()
	})
}

// TestLifelineOfDeafBroker: the broker does not even read the question.
func TestLifelineOfDeafBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := pipeLink(t)
		f := NewLifeline(t.Context(), l, time.Second, func() error {
			_, err := l.Write([]byte("ping")) // a pipe that nobody reads
			return err
		}, nil)
		began := time.Now()
		<-l.Closed
		if took := time.Since(began); took > 2*time.Second || !f.dead.Load() {
			t.Errorf("given up after %v, dead %v", took, f.dead.Load())
		}
		f.End()
	})
}

// TestLifelineEndsWithItsContext: End waits for the goodbye.
func TestLifelineEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := pipeLink(t)
		ctx, cancel := context.WithCancel(t.Context())
		var said atomic.Bool
		f := NewLifeline(ctx, l, time.Hour, nil, func() { time.Sleep(driver.CloseTimeout); said.Store(true) })
		cancel()
		synctest.Wait()
		f.End()
		if !said.Load() {
			t.Error("the goodbye was cut short")
		}
		<-l.Closed
	})
}

// TestLinkKnowsWhyItBroke: the reason is known although the library forgets it.
func TestLinkKnowsWhyItBroke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, broker := pipeLink(t)
		f := NewLifeline(t.Context(), l, time.Hour, nil, nil)
		broker.Close()
		synctest.Wait()
		if why := f.Explain(errors.New("library: no idea")); why.Reason != driver.ReasonLost || why.Error() == "library: no idea" {
			t.Errorf("explained as %v", why)
		}
		f.End()
	})
}
