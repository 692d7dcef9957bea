//go:build !linux

package load

import "syscall"

// canSpread is false: other systems have 127.0.0.1 alone.
const canSpread = false

// control sets nothing: the receive buffer has the system's size, so a stalled
// client takes longer to fill up.
func control(bool, bool) func(network, address string, c syscall.RawConn) error { return nil }
