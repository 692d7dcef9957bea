package serve

import (
	"errors"
	"net"
	"syscall"
	"time"

	"github.com/rs/zerolog"
)

// steadyListener keeps accepting when the file descriptors run out: it waits
// for one to become free instead of failing, and says so once a minute at most.
type steadyListener struct {
	net.Listener
	log  zerolog.Logger
	told time.Time // owned by Accept, which one goroutine calls
}

const (
	descriptorWait  = 50 * time.Millisecond // between two attempts
	descriptorGripe = time.Minute           // between two log lines
)

// Accept waits for the next connection.
func (l *steadyListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) {
			return c, err
		}
		if now := time.Now(); now.Sub(l.told) > descriptorGripe {
			l.told = now
			l.log.Error().Err(err).Stringer("listen", l.Addr()).
				Msg("no file descriptor is free, new connections wait; raise ulimit -n, or lower FANTAIL_MAX_CLIENTS")
		}
		time.Sleep(descriptorWait)
	}
}
