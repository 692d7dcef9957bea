//go:build !linux

package relay

import (
	"net"
	"time"

	"fantail/hub"
)

// giveUpAfter does nothing where the system has no such option that we know.
func giveUpAfter(net.Conn, time.Duration) {}

func newFDSocket(*net.TCPConn, int) hub.Conn { return nil }
