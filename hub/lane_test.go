package hub

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"fantail/hub/peertest"
)

// There is one lane for each pair of format and filter, as long as it is in use.
func TestLanesAreInterned(t *testing.T) {
	f := still(t, Config{})
	other := tellable()
	a, b := must(NewFilter([]string{"a", "b"})), must(NewFilter([]string{"b", "a"}))
	one := must(f.Lane(f.format, a))
	for what, same := range map[string]bool{
		"equal filter":   must(f.Lane(f.format, b)) == one,
		"other format":   must(f.Lane(other, a)) != one,
		"without filter": must(f.Lane(f.format, nil)) == f.lane,
	} {
		if !same {
			t.Errorf("%s: not as it should be", what)
		}
	}
	f.Release(one)
	if must(f.Lane(f.format, a)) != one {
		t.Error("released while it was in use")
	}
	f.Release(one)
	f.Release(one)
	if must(f.Lane(f.format, a)) == one {
		t.Error("kept when nobody used it any more")
	}
}

// The cap is told, and what was released makes room.
func TestLanesAreBounded(t *testing.T) {
	f := still(t, Config{MaxLanes: 3}) // the fixture has one
	a := must(f.Lane(f.format, must(NewFilter([]string{"a"}))))
	must(f.Lane(f.format, must(NewFilter([]string{"b"}))))
	c := must(NewFilter([]string{"c"}))
	if _, err := f.Lane(f.format, c); !errors.Is(err, ErrLanes) {
		t.Fatalf("a fourth lane: %v", err)
	}
	if again := must(f.Lane(f.format, a.filter)); again != a {
		t.Error("a lane in use is not to be had when all are taken")
	}
	f.Release(a)
	f.Release(a)
	must(f.Lane(f.format, c))
}

// A lane lasts as long as its clients: when all have left, in any way, only the
// fixture's own lane is there.
func TestLanesGoWithTheirClients(t *testing.T) {
	f := running(t, Config{Pumps: 2, Snapshot: SnapshotSize{Keys: 10}})
	var wg sync.WaitGroup
	for g := range uint64(4) {
		rnd := rand.New(rand.NewPCG(g, 0))
		wg.Go(func() { // ends by itself
			for range 200 {
				lane, err := f.Lane(f.format, must(NewFilter([]string{fmt.Sprint(rnd.IntN(5))})))
				if err != nil {
					t.Error(err)
				}
				switch c, err := f.Join(nullConn{}, Options{Lane: lane, Policy: Policy(rnd.IntN(3) / 2)}); {
				case err != nil: // Skip without notices
					f.Release(lane)
				case rnd.IntN(2) == 0:
					c.Leave(Flood)
					c.Close()
				default:
					c.Close()
				}
			}
		})
	}
	for range 200 {
		f.sayOf("1", "2", "3")
	}
	wg.Wait()
	for late := time.Now().Add(peertest.Patience); f.Clients() > 0 && time.Now().Before(late); { // the sweep may be closing one
		time.Sleep(time.Millisecond)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.lanes) != 1 || f.lane.users != 1 {
		t.Errorf("%d lanes, the fixture's has %d users; want 1, 1", len(f.lanes), f.lane.users)
	}
}

// A policy that cannot be had is refused, and the lane is still the caller's.
func TestJoinRefusesPolicies(t *testing.T) {
	plain, snap := still(t, Config{}), still(t, Config{Snapshot: SnapshotSize{Keys: 1}})
	told := must(plain.Lane(tellable(), nil))
	for name, tt := range map[string]struct {
		f  *fixture
		o  Options
		ok bool
	}{
		"skip, raw":             {plain, Options{Lane: plain.lane, Policy: Skip}, false},
		"conflate, raw":         {snap, Options{Lane: snap.lane, Policy: Conflate}, false},
		"skip":                  {plain, Options{Lane: told, Policy: Skip}, true},
		"conflate, no snapshot": {plain, Options{Lane: told, Policy: Conflate}, false},
	} {
		_, err := tt.f.Join(nullConn{}, tt.o)
		if tt.ok != (err == nil) || !tt.ok && !errors.Is(err, ErrPolicy) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if told.users != 1 || plain.lane.users != 1 {
		t.Errorf("%d and %d users of the lanes", told.users, plain.lane.users)
	}
}
