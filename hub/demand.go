package hub

import (
	"sync"
	"time"
)

// Demand tells which exact keys the filters of the clients want, so that a source
// can be asked for those alone. Clients without a filter, and prefixes, make no
// demand: they get what comes for others.
//
// The hub writes it when the first lane that wants a key comes and when the last
// one goes; joins never wait for its reader. One goroutine at a time reads it,
// without which it grows: a Config has one only if there is a reader. A key stays
// wanted for linger after its last client, so that who reconnects meanwhile
// misses nothing.
type Demand struct {
	// static after NewDemand
	linger  time.Duration
	changed chan struct{} // one slot; never closed

	// guarded by mu, which is held for a few map accesses
	mu    sync.Mutex
	keys  map[string]*keyDemand
	fresh []string    // wanted, and perhaps not told
	gone  []departure // lost their last lane, in the order of time
	timer *time.Timer // of the first in gone; nil = none is running
}

// keyDemand is the demand for one key.
type keyDemand struct {
	lanes  int       // that want it
	left   time.Time // when lanes fell to 0
	told   bool      // the reader knows of it
	queued bool      // it is in fresh
}

type departure struct {
	key string
	at  time.Time
}

// NewDemand makes an empty demand.
func NewDemand(linger time.Duration) *Demand {
	return &Demand{linger: linger, changed: make(chan struct{}, 1), keys: make(map[string]*keyDemand)}
}

// Changed holds a token when Changes has something to tell. It is never closed.
func (d *Demand) Changed() <-chan struct{} { return d.changed }

// Changes returns the keys that have come to be wanted, and those that are not
// wanted any more, since the last call of Changes or All.
func (d *Demand) Changes() (wanted, unwanted []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, key := range d.fresh {
		k := d.keys[key]
		if k.queued = false; k.lanes > 0 && !k.told {
			k.told = true
			wanted = append(wanted, key)
		}
	}
	d.fresh = nil
	return wanted, d.expireLocked(time.Now())
}

// expireLocked forgets the keys that nobody has wanted for linger, and returns
// those of them that the reader knows of.
func (d *Demand) expireLocked(now time.Time) (unwanted []string) {
	for len(d.gone) > 0 && now.Sub(d.gone[0].at) >= d.linger {
		g := d.gone[0]
		d.gone = d.gone[1:]
		k := d.keys[g.key]
		if k == nil || k.lanes > 0 || !k.left.Equal(g.at) {
			continue // wanted again, or gone again later
		}
		if k.told {
			unwanted = append(unwanted, g.key)
		}
		delete(d.keys, g.key)
	}
	d.armLocked(now)
	return unwanted
}

// armLocked has Changed tell when the next key expires.
func (d *Demand) armLocked(now time.Time) {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	if len(d.gone) > 0 {
		d.timer = time.AfterFunc(d.linger-now.Sub(d.gone[0].at), func() { signal(d.changed) })
	}
}

// All returns every key that is wanted, for a reader that begins anew.
func (d *Demand) All() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]string, 0, len(d.keys))
	for key, k := range d.keys {
		k.told, k.queued = true, false
		all = append(all, key)
	}
	d.fresh = nil
	return all
}

// add notes a lane. A nil demand takes no notice.
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
}

// remove notes that a lane is gone.
func (d *Demand) remove(f *Filter) {
	if d == nil || f == nil || len(f.exact) == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	for key := range f.exact {
		k := d.keys[key]
		if k.lanes--; k.lanes == 0 {
			k.left = now
			d.gone = append(d.gone, departure{key, now})
		}
	}
	if d.timer == nil && len(d.gone) > 0 {
		d.armLocked(now)
	}
}

// stop ends the timer.
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
