package config

import (
	"os"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed"
	"fantail/hub"
	"fantail/relay"
)

// Config is the configuration of a relay, parsed, checked and complete: no field still
// stands for "auto". Its user adds to the configurations of the three libraries what is
// at work, such as a logger.
type Config struct {
	Feed   feed.Config  // the source
	Hub    hub.Config   // the ring, and what a client may be behind
	Relay  relay.Config // the clients
	Listen Listen
	Drain  Drain
	Log    Log

	snapshot string // "none" or "last"
}

// Listen says where the relay listens. Addresses are host:port. Both files are empty
// without TLS.
type Listen struct {
	Public, Admin string
	Cert, Key     string // file names
}

// Drain is the time that the relay takes for its end.
type Drain struct {
	Delay  time.Duration // to be not ready, before clients are closed
	Window time.Duration // over which clients are closed
}

// Log says what is logged and how.
type Log struct {
	Level  zerolog.Level
	Format string // "auto", "json" or "console"
}

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
	tib = 1 << 40

	hour = time.Hour
	tick = 100 * time.Millisecond // the shortest interval that can be set

	maxMessages = 16 << 20 // in the ring, whose slots then take 128 MiB
)

// Load returns the configuration of this process: that of its environment, with its
// standard input and its host's name. An error is of type Problems and holds everything
// that is wrong.
func Load() (Config, error) {
	c, err := load(ReadEnvironment(), os.Environ())
	if err != nil {
		return Config{}, err
	}
	c.Feed.Stdin = os.Stdin
	c.Feed.Sources.Host, _ = os.Hostname() // without a name the first source is preferred
	return c, nil
}

// Parse returns the configuration of an environment that consists of the given
// NAME=value entries. Of the process it reads only the limit on open files, and the files
// that the entries name. Its errors are those of Load. Any goroutine may call it.
func Parse(entries ...string) (Config, error) { return load(environmentOf(entries), entries) }

// load returns the configuration of e. It looks for unknown variables in environ, which
// has the form of os.Environ.
func load(e Environment, environ []string) (Config, error) {
	p := newParser(e)
	p.parse()
	p.config.complete()
	p.crossCheck()
	p.rejectUnknown(environ)
	if err := p.err(); err != nil {
		return Config{}, err
	}
	return *p.config, nil
}

// complete sets the fields that follow from several variables.
func (c *Config) complete() {
	if q := &c.Hub.Queue; q.Messages == 0 {
		q.Messages = max(1, c.Hub.Ring.Messages/2)
	}
	if q := &c.Hub.Queue; q.Bytes == 0 {
		q.Bytes = max(1, c.Hub.Ring.Bytes/2)
	}
	if c.snapshot == "none" {
		c.Hub.Snapshot.Keys = 0
	}
	c.Feed.Sending.Uplink = c.Relay.Uplink.Mode == relay.UplinkForward
	c.Relay.Sockets.PeerTimeout = c.Hub.Liveness.PingInterval + c.Hub.Liveness.PongTimeout
	c.Relay.Push.MaxBody = c.Feed.Messages.MaxMessage
}
