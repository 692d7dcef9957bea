package hub

// Reason is why a client left. The set is closed: its words are the close
// reason on the wire, the log field and the metric label alike.
type Reason uint8

const (
	Left      Reason = iota // it closed, or its connection broke
	Draining                // the relay is shutting down
	Protocol                // it broke the protocol
	Uplink                  // it sent a message that may not be sent
	Flood                   // it sent too much, or a message too slowly
	TooLarge                // it sent a message over the limit
	NotUTF8                 // it sent text that is not UTF-8
	Busy                    // it sent a message that nobody has room for now
	MaxAge                  // its connection reached the maximum age
	Token                   // its token expired
	Forbidden               // it has no right to its key
	Slow                    // it fell behind its bounds
	Gone                    // it asked for a position that is no longer held
	Silent                  // nothing was heard from it, not even a pong
	Stopped                 // the hub was closed before it could be drained
	reasons
)

// Reasons is the number of reasons; every Reason is below it.
const Reasons = int(reasons)

var reasonWords = [...]string{
	Left: "left", Draining: "draining", Protocol: "protocol", Uplink: "uplink", Flood: "flood", TooLarge: "too-large",
	NotUTF8: "not-utf8", Busy: "busy", MaxAge: "max-age", Token: "token", Forbidden: "forbidden", Slow: "slow", Gone: "gone", Silent: "silent", Stopped: "stopped",
}

// String returns the reason's word.
func (r Reason) String() string { return reasonWords[r] }

// patient reasons first give the client all that was published before it was
// told to go; the others act at the next frame boundary.
func (r Reason) patient() bool { return r == Draining || r == MaxAge }
