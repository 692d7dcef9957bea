package hub

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// L1: each client is given what it was owed and then its position, evenly over
// the window.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, window = 60, 7 * time.Second
		f := running(t, Config{})
		var conns []*scriptConn
		for i := range n {
			s := newConn(t, plenty)
			if i%10 == 0 {
				s = newConn(t, 10) // opened later
			}
			conns = append(conns, s)
			f.enter(s, f.Live())
		}
		f.say(100, 200)
		synctest.Wait()
		began := time.Now()
		drained := make(chan struct{})
		go func() { // ends with the last client
			defer close(drained)
			f.Drain(t.Context(), window)
		}()
		for second := range 6 {
			synctest.Wait()
			if told, want := closings(conns), second*10; told < want-1 || told > want+10 {
				t.Errorf("after %d s %d were told, want about %d", second, told, want)
			}
			pass(time.Second)
			for _, s := range conns[second*10 : second*10+10] {
				s.open(plenty)
			}
		}
		<-drained
		if took := time.Since(began); took > window+2*sweepEvery {
			t.Errorf("took %v, over the window of %v", took, window)
		}
		for i, s := range conns {
			r := decode(t, s.bytes())
			if r.mustHave(t, 1, 100); r.closing != "draining "+f.position(100).String() {
				t.Errorf("client %d: close %q", i, r.closing)
			}
			mustClose(t, s, false)
		}
		if st := f.Stats(); st.Clients != 0 || st.Leaves[Draining] != n {
			t.Errorf("%d clients, leaves %v", st.Clients, st.Leaves)
		}
	})
}

// closings counts the connections that end in a close frame.
func closings(conns []*scriptConn) (n int) {
	for _, s := range conns {
		if r := decode(s.t, s.bytes()); r.closing != "" {
			n++
		}
	}
	return n
}

func TestDrainNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, began := running(t, Config{}), time.Now()
		f.Drain(t.Context(), time.Minute)
		if took := time.Since(began); took != 0 {
			t.Errorf("draining nobody took %v", took)
		}
	})
}

// A client that joins a hub that drains is told at once, after what it asked for.
func TestJoinWhileDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{})
		f.say(10, 20)
		f.Drain(t.Context(), time.Second)
		live, history := newConn(t, plenty), newConn(t, plenty)
		f.enter(live, f.Live())
		f.enter(history, f.Resume(f.position(4)))
		synctest.Wait()
		if r := decode(t, live.bytes()); r.order != "C" || r.closing != "draining "+f.position(10).String() {
			t.Errorf("live: frames %s, close %q", r.order, r.closing)
		}
		r := decode(t, history.bytes())
		if r.mustHave(t, 5, 10); r.closing != "draining "+f.position(10).String() {
			t.Errorf("with history: close %q", r.closing)
		}
	})
}

// The end of the context ends the waiting, not the clients: Close does that.
func TestDrainCancelled(t *testing.T) {
	for _, after := range []time.Duration{0, time.Second, 30 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			f, _, s := blocked(t, Config{Queue: Bounds{Stall: time.Hour}}, 1, 20)
			f.enter(newConn(t, 0), f.Live())
			ctx, cancel := context.WithTimeout(t.Context(), after)
			defer cancel()
			began := time.Now()
			f.Drain(ctx, 7*time.Second)
			if took := time.Since(began); took != after {
				t.Errorf("returned after %v, want %v", took, after)
			}
			mustBeOpen(t, s)
			f.Close()
			mustClose(t, s, true)
		})
	}
}

// I6: Close returns at once, also while drainers work, and all clients are gone.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, stuck := blocked(t, Config{Pumps: 3}, 5, 20)
		free := newConn(t, plenty)
		f.enter(free, f.first())
		synctest.Wait()
		began := time.Now()
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("took %v", took)
		}
		mustClose(t, stuck, true)
		mustClose(t, free, false)
		if r := decode(t, free.bytes()); r.closing != "stopped "+f.position(5).String() {
			t.Errorf("close %q", r.closing)
		}
		if st := f.Stats(); st.Clients != 0 || st.Drainers != 0 || st.Leaves[Stopped] != 2 {
			t.Errorf("%+v", st)
		}
	})
}

func TestCloseIsIdempotent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, _ := blocked(t, Config{}, 1, 20)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { f.Close() }) // ends at once
		}
		wg.Wait()
		f.Close()
		f.say(1, 20) // does no harm
	})
}

func TestJoinAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := running(t, Config{})
		f.Close()
		s := newConn(t, plenty)
		c, err := f.Join(s, Options{Lane: f.reserve(f.format), Start: f.Live(), Name: ""})
		if !errors.Is(err, ErrClosed) || c != nil {
			t.Fatalf("%v, %v; want ErrClosed", c, err)
		}
		if mustBeOpen(t, s); f.Clients() != 0 {
			t.Error("counted as a client")
		}
		f.Drain(t.Context(), time.Second)
	})
}
