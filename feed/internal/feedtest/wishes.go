package feedtest

import "sync"

// Wishes is a Demand that a test sets.
type Wishes struct {
	changed chan struct{}
	mu      sync.Mutex
	now     map[string]bool // wanted
	told    map[string]bool
}

func NewWishes(keys ...string) *Wishes {
	w := &Wishes{changed: make(chan struct{}, 1), now: map[string]bool{}, told: map[string]bool{}}
	w.Want(true, keys...)
	return w
}

func (w *Wishes) Want(on bool, keys ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, k := range keys {
		w.now[k] = on
	}
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

func (w *Wishes) Changed() <-chan struct{} { return w.changed }

func (w *Wishes) Changes() (wanted, unwanted []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for k, on := range w.now {
		switch {
		case on && !w.told[k]:
			wanted = append(wanted, k)
		case !on && w.told[k]:
			unwanted = append(unwanted, k)
		}
		w.told[k] = on
	}
	return wanted, unwanted
}

func (w *Wishes) All() (all []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.told)
	for k, on := range w.now {
		if w.told[k] = on; on {
			all = append(all, k)
		}
	}
	return all
}
