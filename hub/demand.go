package hub

import (
	"slices"
	"sync"
	"time"
)

// Demand tells which exact keys the filters of the clients want, so that a source can
// be asked for those keys alone. Clients without a filter, and prefixes, make no
// demand: they get what comes for others.
//
// The hub writes a Demand when the first lane that wants a key comes, and when the last
// one goes. Joins never wait for its reader. One goroutine at a time reads it. While
// nobody reads it, as in an outage of the source, it holds no more than the keys that
// are wanted and the keys that the reader knows. A key stays wanted for the linger time
// after its last client, so that a client which reconnects misses nothing. A key that
// the reader has never heard of is forgotten at once.
type Demand struct {
	// static after NewDemand
	linger  time.Duration
	changed chan struct{} // one slot; never closed

	// guarded by mu, which is held for a few map accesses
	mu    sync.Mutex
	keys  map[string]*keyDemand
	fresh []string    // wanted, and perhaps not told yet
	gone  []departure // keys that lost their last lane, in the order of time
	timer *time.Timer // for the first key in gone; nil if none is running
}

// keyDemand is the demand for one key.
type keyDemand struct {
	lanes  int       // lanes that want the key
	left   time.Time // when lanes fell to 0
	told   bool      // the reader knows the key, as it knows every key without lanes
	queued bool      // the key is in fresh
}

type departure struct {
	key string
	at  time.Time
}

// NewDemand makes an empty demand. linger is how long a key stays wanted after its last
// client.
func NewDemand(linger time.Duration) *Demand {
	return &Demand{linger: linger, changed: make(chan struct{}, 1), keys: make(map[string]*keyDemand)}
}

// Demand returns the Demand of the hub's Config, nil if it has none. Any goroutine.
func (h *Hub) Demand() *Demand { return h.demand }

// Changed holds a token when Changes has something to tell. It is never closed.
func (d *Demand) Changed() <-chan struct{} { return d.changed }

// Changes returns the keys that have become wanted, and those that are no longer
// wanted, since the last call of Changes or All.
func (d *Demand) Changes() (wanted, unwanted []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, key := range d.fresh {
		k := d.keys[key]
		if k == nil { // it came and went
			continue
		}
		if k.queued = false; !k.told {
			k.told = true
			wanted = append(wanted, key)
		}
	}
	d.fresh = nil
	return wanted, d.expireLocked(time.Now())
}

// expireLocked forgets the keys that nobody has wanted for the linger time. It returns
// those that the reader knows.
func (d *Demand) expireLocked(now time.Time) (unwanted []string) {
	for len(d.gone) > 0 && now.Sub(d.gone[0].at) >= d.linger {
		g := d.gone[0]
		d.gone = d.gone[1:]
		if d.isStaleLocked(g) {
			continue
		}
		unwanted = append(unwanted, g.key)
		delete(d.keys, g.key)
	}
	d.armLocked(now)
	return unwanted
}

// isStaleLocked reports whether a key is wanted again, or was left again later.
func (d *Demand) isStaleLocked(g departure) bool {
	k := d.keys[g.key]
	return k == nil || k.lanes > 0 || !k.left.Equal(g.at)
}

// demandSlack is the number of stale entries that is too small to be worth a walk over
// all.
const demandSlack = 64

// compactLocked drops stale entries, so that both lists stay as short as the map, by a
// factor, however long nobody reads.
func (d *Demand) compactLocked() {
	most := 2*len(d.keys) + demandSlack
	if len(d.gone) > most {
		d.gone = slices.DeleteFunc(slices.Clone(d.gone), d.isStaleLocked)
	}
	if len(d.fresh) <= most {
		return
	}
	d.fresh = nil
	for key, k := range d.keys {
		if k.queued {
			d.fresh = append(d.fresh, key)
		}
	}
}

// armLocked makes Changed signal when the next key expires.
func (d *Demand) armLocked(now time.Time) {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	if len(d.gone) > 0 {
		d.timer = time.AfterFunc(d.linger-now.Sub(d.gone[0].at), func() { signal(d.changed) })
	}
}

// All returns every key that is wanted, for a reader that starts over.
func (d *Demand) All() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.expireLocked(time.Now()) // a reader that starts over has no key to give up
	all := make([]string, 0, len(d.keys))
	for key, k := range d.keys {
		k.told, k.queued = true, false
		all = append(all, key)
	}
	d.fresh = nil
	return all
}

// add notes a lane. A nil demand does nothing.
func (d *Demand) add(f *Filter) {
	if d == nil || f == nil || len(f.exact) == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for key := range f.exact {
		k := d.keys[key]
		if k == nil {
			k = new(keyDemand)
			d.keys[key] = k
		}
		if k.lanes++; !k.told && !k.queued {
			k.queued = true
			d.fresh = append(d.fresh, key)
			signal(d.changed)
		}
	}
	d.compactLocked()
}

// remove notes that a lane is gone. A nil demand does nothing.
func (d *Demand) remove(f *Filter) {
	if d == nil || f == nil || len(f.exact) == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	for key := range f.exact {
		k := d.keys[key]
		if k.lanes--; k.lanes > 0 {
			continue
		}
		if !k.told {
			delete(d.keys, key)
			continue
		}
		k.left = now
		d.gone = append(d.gone, departure{key, now})
	}
	d.compactLocked()
	if d.timer == nil && len(d.gone) > 0 {
		d.armLocked(now)
	}
}

// stop ends the timer. A nil demand does nothing.
func (d *Demand) stop() {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
}
