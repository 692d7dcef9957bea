//go:build !linux

package relay

import (
	"net"
	"time"

	"fantail/hub"
)

// giveUpAfter does nothing: we know of no such option on this system.
func giveUpAfter(net.Conn, time.Duration) {}

func newFDSocket(*net.TCPConn, int) hub.Conn { return nil }
