package bench

import (
	"errors"
	"fmt"

	"fantail/cmd/fantail/internal/bench/load"
	"fantail/cmd/fantail/internal/config"
)

// subject is one side of a self-test: a server, and the request of its clients.
type subject struct {
	name    string // in words
	floor   bool   // the bare-send floor, else the relay
	format  load.Format
	keys    int  // number of keys that the source's messages have in turn; 0 is none
	filters bool // each client asks for one of the keys, else for all
}

// subjects returns the two sides of a self-test. The relay is compared with the floor.
// Another format is compared with the relay's own raw messages, and filtered clients
// with clients that get everything.
func (b *benchFlags) subjects() (base, relay subject) {
	format := subject{name: "raw"}
	switch {
	case b.sse:
		format = subject{name: "sse", format: load.SSE}
	case b.envelope:
		format = subject{name: "envelope", format: load.Envelope}
	}
	switch {
	case b.filters > 0:
		base, relay = format, format
		base.keys = 1
		relay.name, relay.keys, relay.filters = fmt.Sprintf("%s, %d filters", format.name, b.filters), b.filters, true
		return base, relay
	case format.format != load.Raw:
		return subject{name: "raw"}, format
	}
	return subject{name: "floor", floor: true}, subject{name: "relay"}
}

// source returns the source for a subject. A filtered client gets as many messages a
// second as one that gets all, so the source sends that many of each key.
func (s subject) source(of benchSource) benchSource {
	of.keys = s.keys
	if s.filters {
		of.rate *= float64(s.keys)
	}
	return of
}

// load returns the load for a subject at an address.
func (s subject) load(c load.Config, addr string) load.Config {
	c.Format, c.URL = s.format, "ws://"+addr+"/ws"
	c.PathTime, c.PathSeq = "t", "q"
	switch s.format {
	case load.SSE:
		c.URL = "http://" + addr + "/sse"
	case load.Envelope:
		c.PathTime, c.PathSeq = "data.t", "data.q"
	}
	if s.filters {
		c.Query = func(client int) string { return "key=" + benchKey(client%s.keys) }
	}
	return c
}

// start starts the subject's server in front of a source.
func (s subject) start(source string) (*part, error) {
	if s.floor {
		return startPart("floor", []string{"-source", source}, nil)
	}
	env := []string{
		config.Prefix + "SOURCE_URL=ws://" + source + "/", config.Prefix + "LISTEN=127.0.0.1:0", config.Prefix + "ADMIN_LISTEN=127.0.0.1:0",
		config.Prefix + "LOG_LEVEL=warn", config.Prefix + "LOG_FORMAT=json", config.Prefix + "DRAIN_WINDOW=1s",
	}
	if s.keys > 0 {
		env = append(env, config.Prefix+"SOURCE_KEY=k")
	}
	return startPart("relay", nil, env)
}

// maxBenchRate bounds the messages a second of a self-test's source, which sends each
// message by itself.
const maxBenchRate = 1e5

// checkSubjects returns an error for flags that a self-test cannot compare.
func (b *benchFlags) checkSubjects() error {
	switch {
	case !b.selftest && b.filters != 0:
		return errors.New("-filters is for -selftest; for a URL of your own add ?key= to it")
	case b.selftest && b.load.Storm:
		return errors.New("-storm needs a URL; a self-test cuts nobody")
	case b.sweep != "" && (b.filters > 0 || b.sse || b.envelope):
		return errors.New("-sweep compares with the floor; leave -filters, -sse and -envelope away")
	case b.filters < 0 || b.filters > b.load.Clients:
		return fmt.Errorf("-filters %d is out of bounds; choose 1 to the number of clients, %d", b.filters, b.load.Clients)
	case b.filters > 0 && !(b.source.rate*float64(b.filters) <= maxBenchRate):
		return fmt.Errorf("-filters %d times -rate %v is more than the source can send; choose them so that it is at most %g", b.filters, b.source.rate, maxBenchRate)
	}
	return nil
}
