// Package renew replaces connections before the source ends them, without losing or repeating
// a message. It owns the connections of one source while two of them may be open. It refuses
// to know what kind of source they belong to.
//
// A connection that has reached its age is replaced in these steps (TestChangeover,
// TestHandover; TestOverlapLosesAndRepeatsNothing in feed plays a day of them):
//
//   - The next connection is opened beside the old one. The old one goes on, and what the
//     next one brings is held back, until both have brought the same message. What the next
//     one began with, such as an answer to its subscription or a snapshot, is then older than
//     the feed and dropped (driver.DropOverlap).
//   - For three more seconds both are read, and the first copy of a message counts. Then the
//     old connection is left.
//   - If both bring no common message for ten seconds, as in a quiet feed, the next
//     connection takes over as it is. So it does when it brings more than can be held back
//     (TestHandoverIsBounded).
//   - A next connection that cannot be opened is tried again with back-off, while the old one
//     goes on. If the old one is lost before the handover, this is told as an outage.
//
// # Ownership
//
// changeover and handover are pure state machines, which know neither time nor sockets.
// stream is the shell that does what they say. A goroutine of its own reads each connection.
// It lends one event at a time to Next, and reads on when the event is given back. All
// goroutines end with the stream.
package renew
