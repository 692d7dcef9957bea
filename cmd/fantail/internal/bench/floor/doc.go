// Package floor is a relay that consists of its system calls. It shows the least that
// fan-out can cost in Go on a machine, so real relays are measured by it.
//
// It passes its source's bytes on as they come, in one goroutine, with one send for
// each client that never blocks. It has no ring, no resume, no ping and no limit, and it
// drops a client that is slow. It is of no other use.
package floor
