package hub

// Policy is what becomes of a client that breaks its bounds.
type Policy uint8

const (
	Evict    Policy = iota // it is closed as Slow, with its position
	Skip                   // it jumps to the head and is told the gap
	Conflate               // of its backlog it gets the newest message of each key
)
