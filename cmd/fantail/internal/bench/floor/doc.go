// Package floor is a relay with nothing in it but the system calls: the least
// that fan-out can cost in Go on the machine at hand, and so the measure for a
// real relay. It passes its source's bytes on as they come, in one goroutine,
// with one send that never blocks for each client. There is no ring, no resume,
// no ping, no limit and no way to stop a slow client but to drop it: it is of no
// use for anything else.
package floor
