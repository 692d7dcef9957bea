package driver

// Demand tells which keys somebody wants at present, so that a source can be
// asked for those alone; *hub.Demand is one. A Feed calls it from one goroutine
// at a time.
type Demand interface {
	// Changed holds a token when Changes has something to tell. It is never
	// closed.
	Changed() <-chan struct{}
	// Changes returns the keys that are wanted, and those that are not any
	// more, since the last call of Changes or All.
	Changes() (wanted, unwanted []string)
	// All returns every key that is wanted.
	All() []string
}

// NoDemand is the Demand of a feed without clients.
type NoDemand struct{}

func (NoDemand) Changed() <-chan struct{}             { return nil }
func (NoDemand) Changes() (wanted, unwanted []string) { return nil, nil }
func (NoDemand) All() []string                        { return nil }

// KeyPlace is where a key stands in the name of a channel on demand.
const KeyPlace = "{key}"
