package hub

import "testing"

// A delivery allocates nothing: not at the head, not to clients behind the head, and
// not in a batch of several frames.
func TestDeliveryAllocatesNothing(t *testing.T) {
	for name, back := range map[string]uint64{"one message": 1, "a batch": 50} {
		t.Run(name, func(t *testing.T) {
			f := still(t, Config{})
			f.say(100, 200)
			var clients []*Client
			for i := range uint64(1000) {
				clients = append(clients, f.enter(nullConn{}, f.Resume(f.position(100-back+i%min(back, 3)))))
			}
			p := f.pumps[0]
			p.round()
			before := f.Stats().Writes
			allocs := testing.AllocsPerRun(20, func() {
				for i, c := range clients {
					c.cursor.Store(101 - back + uint64(i)%min(back, 3))
				}
				p.seen = 0
				p.round()
			})
			if allocs != 0 {
				t.Errorf("%v allocations for 1,000 deliveries", allocs)
			}
			if writes := f.Stats().Writes - before; writes != 21*1000 {
				t.Errorf("%d writes, want 21,000", writes)
			}
		})
	}
}

// Nor does a pass over many lanes, each with a batch of its own.
func TestDeliveryToManyLanesAllocatesNothing(t *testing.T) {
	f := still(t, Config{})
	f.say(100, 200)
	var clients []*Client
	for range 200 {
		clients = append(clients, f.joins(nullConn{}, Options{Lane: f.reserve(&testFormat{})}))
	}
	p := f.pumps[0]
	allocs := testing.AllocsPerRun(20, func() {
		for _, c := range clients {
			c.cursor.Store(50)
		}
		p.seen = 0
		p.round()
	})
	if allocs != 0 {
		t.Errorf("%v allocations for 200 lanes", allocs)
	}
}
