package hub

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func mustFilter(t testing.TB, keys ...string) *Filter {
	t.Helper()
	f, err := NewFilter(keys)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// told returns what a reader of the demand learns, in order.
func told(d *Demand) string {
	wanted, unwanted := d.Changes()
	slices.Sort(wanted)
	slices.Sort(unwanted)
	return fmt.Sprint(wanted, unwanted)
}

func TestDemandTellsFirstAndLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := NewDemand(0)
		defer d.stop()
		ab, b := mustFilter(t, "a", "b", "p*"), mustFilter(t, "b")
		for _, step := range []struct {
			about string
			do    func()
			want  string
		}{
			{"nobody", func() {}, "[] []"},
			{"the first", func() { d.add(ab) }, "[a b] []"},
			{"the second", func() { d.add(b) }, "[] []"},
			{"unfiltered", func() { d.add(nil) }, "[] []"},
			{"one of two goes", func() { d.remove(ab) }, "[] [a]"},
			{"back and forth", func() { d.remove(b); d.add(b); d.remove(b); d.add(b) }, "[] []"},
			{"the last goes", func() { d.remove(b) }, "[] [b]"},
			{"came and went", func() { d.add(ab); d.remove(ab) }, "[] []"},
		} {
			if step.do(); told(d) != step.want {
				t.Errorf("%s: want %s", step.about, step.want)
			}
		}
		if len(d.keys)+len(d.fresh)+len(d.gone) != 0 {
			t.Errorf("left behind: %v %v %v", d.keys, d.fresh, d.gone)
		}
	})
}

func TestDemandLingers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := NewDemand(5 * time.Second)
		defer d.stop()
		f := mustFilter(t, "a")
		d.add(f)
		<-d.Changed()
		if got := told(d); got != "[a] []" {
			t.Error(got)
		}
		d.remove(f)
		time.Sleep(3 * time.Second)
		d.add(f) // reconnected in time
		time.Sleep(time.Minute)
		if got := told(d); got != "[] []" {
			t.Error(got)
		}
		d.remove(f)
		if got := fmt.Sprint(d.All()); got != "[a]" {
			t.Errorf("a lingering key is not among all: %s", got)
		}
		select {
		case <-d.Changed(): // of the times before
		default:
		}
		began := time.Now()
		<-d.Changed()
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("told after %v", took)
		}
		if got := told(d); got != "[] [a]" {
			t.Error(got)
		}
	})
}

// TestDemandFollowsLanes: several goroutines make and drop lanes of a hub, beside a
// reader that only sees the changes and one that reconnects.
func TestDemandFollowsLanes(t *testing.T) {
	d := NewDemand(0)
	h := New(Config{Demand: d})
	defer h.Close()
	format := new(testFormat)
	var users sync.WaitGroup
	for g := range 4 {
		users.Go(func() {
			random := rand.New(rand.NewPCG(uint64(g), 1))
			for range 2000 {
				l, err := h.Lane(format, mustFilter(t, fmt.Sprint(random.IntN(20)), fmt.Sprint(random.IntN(20))))
				if err != nil {
					t.Error(err)
					return
				}
				h.Release(l)
			}
		})
	}
	done := make(chan struct{})
	go func() { users.Wait(); close(done) }() // ended by the users
	has := map[string]bool{}
	for n := 0; ; n++ {
		over := false
		select {
		case <-done:
			over = true
		case <-d.Changed():
		}
		if n%50 == 49 {
			clear(has)
			for _, k := range d.All() {
				has[k] = true
			}
		}
		wanted, unwanted := d.Changes()
		for _, k := range wanted {
			if has[k] {
				t.Fatalf("%s is told twice", k)
			}
			has[k] = true
		}
		for _, k := range unwanted {
			if !has[k] {
				t.Fatalf("%s is taken back untold", k)
			}
			delete(has, k)
		}
		if over {
			break
		}
	}
	if len(has) != 0 {
		t.Errorf("left behind: %v", has)
	}
}

// TestDemandWithoutReader: it holds no more than the keys that are wanted, and those
// that the reader was told before it went.
func TestDemandWithoutReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := NewDemand(time.Second)
		defer d.stop()
		old, stays := mustFilter(t, "old"), mustFilter(t, "stays")
		d.add(old)
		d.add(stays)
		d.All()
		d.remove(old)
		for i := range 1000 {
			f := mustFilter(t, fmt.Sprint(i), "again")
			d.add(f)
			d.remove(f)
			d.remove(stays)
			d.add(stays)
			time.Sleep(10 * time.Millisecond)
		}
		if len(d.keys) != 2 || len(d.fresh) > 4+demandSlack || len(d.gone) > 4+demandSlack {
			t.Errorf("%d keys, %d fresh and %d gone are held", len(d.keys), len(d.fresh), len(d.gone))
		}
		if got := fmt.Sprint(d.All()); got != "[stays]" {
			t.Errorf("all are %s", got)
		}
		if len(d.keys) != 1 || told(d) != "[] []" {
			t.Errorf("left behind: %v", d.keys)
		}
	})
}
