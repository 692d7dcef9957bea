package serve

import (
	"errors"
	"net"
	"syscall"
	"time"

	"github.com/rs/zerolog"
)

// steadyListener goes on accepting when the process has no free file descriptor. It waits
// for one instead of failing, and logs that at most once a minute.
type steadyListener struct {
	net.Listener
	log  zerolog.Logger
	told time.Time // owned by Accept, which one goroutine calls
}

const (
	descriptorWait   = 50 * time.Millisecond // between two attempts
	descriptorSilent = time.Minute           // between two log lines
)

// Accept waits for the next connection. One goroutine at a time may call it.
func (l *steadyListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) {
			return c, err
		}
		if now := time.Now(); now.Sub(l.told) > descriptorSilent {
			l.told = now
			l.log.Error().Err(err).Stringer("listen", l.Addr()).
				Msg("no file descriptor is free, so new connections wait; raise ulimit -n, or lower FANTAIL_MAX_CLIENTS")
		}
		time.Sleep(descriptorWait)
	}
}
