//go:build !linux

package relay

import (
	"net"

	"fantail/hub"
)

func newFDSocket(*net.TCPConn, int) hub.Conn { return nil }
