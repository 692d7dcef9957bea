package hub

// Reason is why a client left. No other package adds one. Its words are the close reason on the
// wire, the log field and the metric label.
type Reason uint8

const (
	Left      Reason = iota // it closed the connection, or the connection broke
	Draining                // the relay is shutting down
	Protocol                // it broke the protocol
	Uplink                  // it sent a message that clients may not send
	Flood                   // it sent too much, or a message too slowly
	TooLarge                // it sent a message over the limit
	NotUTF8                 // it sent text that is not UTF-8
	Busy                    // it sent a message for which there is no room now
	MaxAge                  // its connection reached the maximum age
	Token                   // its token expired; nothing gives this reason yet, access control will
	Forbidden               // it has no right to its key; nothing gives this reason yet, access control will
	Slow                    // it fell behind its bounds
	Gone                    // it asked for a position that the ring no longer holds
	Silent                  // it sent nothing, not even a pong
	Stopped                 // the hub was closed before the client was drained
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

// patient reasons first give the client everything that was published before it was
// told to go. The others act at the next frame boundary.
func (r Reason) patient() bool { return r == Draining || r == MaxAge }
