// Package arbiter makes one feed of several sources that number the same messages: each
// number once, in order, from whichever source has it first. It is pure: it knows neither
// sockets nor clocks, and has no goroutines.
//
//   - A missing number is waited for. After the wait it counts as missed. It is not told to
//     clients, because no source had it (TestArbiter).
//   - Numbers must rise by one. With wider steps every message would wait.
//   - A lower number than the feed's is a copy. If nothing else comes for two seconds, a new
//     numbering has begun, and its messages so far are emitted. A number that its source has
//     not reached before is no sign of a new numbering, because that source is only slow.
//   - A source that sends old messages when it connects should send the same bytes as before.
//     The arbiter recognises them among the last 8192 messages.
//   - What is held is bounded (TestArbiterBounds). The fast path allocates nothing
//     (TestArbiterFastPathAllocatesNothing). TestArbiterModel compares sources that lose,
//     lag and die at random with a model.
package arbiter
