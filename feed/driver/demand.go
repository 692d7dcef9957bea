package driver

// Demand tells which keys clients want at present, so that the source is asked for no
// others. *hub.Demand is one. A Feed calls it from one goroutine at a time.
type Demand interface {
	// Changed holds a token when Changes has something to tell. It is never
	// closed.
	Changed() <-chan struct{}
	// Changes returns the keys that became wanted and those that became unwanted
	// since the last call of Changes or All.
	Changes() (wanted, unwanted []string)
	// All returns every key that is wanted.
	All() []string
}

// NoDemand is a Demand that wants no key. Any goroutine may use it.
type NoDemand struct{}

// Changed returns nil, on which nothing is ever received.
func (NoDemand) Changed() <-chan struct{} { return nil }

// Changes returns nothing.
func (NoDemand) Changes() (wanted, unwanted []string) { return nil, nil }

// All returns nothing.
func (NoDemand) All() []string { return nil }

// KeyPlace stands for the key in the name of a channel on demand, as in user:{key}.
const KeyPlace = "{key}"
