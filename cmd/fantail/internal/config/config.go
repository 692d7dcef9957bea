package config

import (
	"crypto/tls"
	"errors"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed"
	"fantail/hub"
)

// Config is the configuration of a relay, parsed, checked and complete: no
// field still stands for "auto". Sizes are in bytes.
type Config struct {
	SourceURL      string
	Listen         string // host:port
	AdminListen    string // host:port
	RingMessages   int
	RingBytes      int64
	SlowPolicy     hub.Policy
	StallTimeout   time.Duration
	MaxClients     int
	AllowedOrigins []string // empty is the same origin, "*" is any
	LogLevel       zerolog.Level

	QueueMessages    int
	QueueBytes       int64
	ClientPolicy     bool
	SnapshotKeys     int // 0 keeps no snapshot
	KeyRequired      bool
	UnsentLimit      int64
	PingInterval     time.Duration
	PongTimeout      time.Duration
	ClientMaxAge     time.Duration // 0 is off
	MaxClientsPerIP  int           // 0 is off
	TrustedProxies   []string
	HandshakeRate    int // a second, 0 is off
	Compression      bool
	Uplink           string         // "reject", "ignore" or "forward"
	UplinkAllow      *regexp.Regexp // nil is nothing
	UplinkRate       feed.Rate      // a client
	UplinkMaxMessage int64
	TLSCert, TLSKey  string // file names, both empty without TLS
	DrainDelay       time.Duration
	DrainWindow      time.Duration
	LogFormat        string // "auto", "json" or "console"

	// PushToken is read again at each call. It is never nil, and returns an
	// empty token if none is set.
	PushToken func() (string, error)

	// SourceSend and SourceHeaders are called at each connect and read their
	// file again, if they have one. They are never nil.
	SourceMode         feed.Mode
	SourceSeq          string // checked
	SourceGapWait      time.Duration
	SourceFailback     time.Duration // feed.NoFailback is never
	SourceSend         func() ([]string, error)
	SourceHeaders      func() (http.Header, error)
	SourceRules        func() ([]feed.Rule, error) // as SourceSend
	SourcePing         string                      // empty is none
	SourcePingEvery    time.Duration
	SourceSplit        feed.Split
	SourceSendRate     feed.Rate
	SourceID           string        // checked
	SourceCursor       string        // checked
	SourceMaxAge       time.Duration // 0 is off
	SourceOverlap      bool
	SourceSubprotocols []string
	SourceKey          string // checked
	SourceMaxMessage   int64
	SourceWSPing       time.Duration // feed.NoPing is off
	SourceIdleTimeout  time.Duration // 0 is off
}

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
	tib = 1 << 40

	hour = time.Hour
	tick = 100 * time.Millisecond // nothing is watched more closely than this

	maxMessages = 16 << 20 // in the ring: 128 MiB of slots alone
)

// Load reads the configuration from the process's environment. It takes
// no environment as a parameter because envconfig reads the process's own. An
// error is of type problems and holds everything that is wrong.
func Load() (Config, error) { return configOf(ReadEnvironment(), os.Environ()) }

// Parse returns the configuration of an environment that has these NAME=value
// entries alone. It reads nothing of the process's, and fails as loadConfig does.
func Parse(entries ...string) (Config, error) {
	return configOf(environmentOf(entries), entries)
}

func configOf(e *Environment, environ []string) (Config, error) {
	p := newParser(e)
	c := p.parse(e)
	p.crossCheck(e, c)
	p.rejectUnknown(environ)
	if err := p.err(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// parse turns e into types, each value checked on its own.
func (p *parser) parse(e *Environment) Config {
	c := Config{
		SourceURL:      take(p, &e.SourceURL, parseSource),
		Listen:         take(p, &e.Listen, parseListen),
		AdminListen:    take(p, &e.AdminListen, parseListen),
		RingMessages:   take(p, &e.RingMessages, count(1, maxMessages)),
		RingBytes:      take(p, &e.RingBytes, size(4*kib, tib)),
		SlowPolicy:     take(p, &e.SlowPolicy, parsePolicy),
		StallTimeout:   take(p, &e.StallTimeout, duration(tick, hour)),
		MaxClients:     take(p, &e.MaxClients, parseMaxClients),
		AllowedOrigins: take(p, &e.AllowedOrigins, parseOrigins),
		LogLevel:       take(p, &e.LogLevel, parseLevel),

		ClientPolicy:     take(p, &e.ClientPolicy, parseBool),
		KeyRequired:      take(p, &e.KeyRequired, parseBool),
		UnsentLimit:      take(p, &e.UnsentLimit, size(kib, 64*mib)),
		PingInterval:     take(p, &e.PingInterval, duration(tick, hour)),
		PongTimeout:      take(p, &e.PongTimeout, duration(tick, hour)),
		ClientMaxAge:     take(p, &e.ClientMaxAge, zeroOr(duration(time.Second, 30*24*hour))),
		MaxClientsPerIP:  take(p, &e.MaxClientsPerIP, count(0, 1<<20)),
		TrustedProxies:   take(p, &e.TrustedProxies, parseProxies),
		HandshakeRate:    take(p, &e.HandshakeRate, count(0, 1<<20)),
		Compression:      take(p, &e.Compression, parseBool),
		Uplink:           take(p, &e.Uplink, choice("reject", "ignore", "forward")),
		UplinkAllow:      take(p, &e.UplinkAllow, parseRegexp),
		UplinkRate:       take(p, &e.UplinkRate, parseRate),
		UplinkMaxMessage: take(p, &e.UplinkMaxMessage, size(1, 64*mib)),
		TLSCert:          e.TLSCert,
		TLSKey:           e.TLSKey,
		DrainDelay:       take(p, &e.DrainDelay, zeroOr(duration(time.Millisecond, hour))),
		DrainWindow:      take(p, &e.DrainWindow, zeroOr(duration(time.Millisecond, hour))),
		LogFormat:        take(p, &e.LogFormat, choice("auto", "json", "console")),

		PushToken: take(p, &e.PushToken, reread(parsePushToken)),

		SourceMode:         take(p, &e.SourceMode, parseMode),
		SourceSeq:          take(p, &e.SourceSeq, parseKey),
		SourceGapWait:      take(p, &e.SourceGapWait, duration(time.Millisecond, time.Minute)),
		SourceFailback:     take(p, &e.SourceFailback, parseFailback),
		SourceSend:         take(p, &e.SourceSend, reread(parseFrames)),
		SourceHeaders:      take(p, &e.SourceHeaders, reread(parseHeaders)),
		SourceRules:        take(p, &e.SourceRules, reread(parseRules)),
		SourcePing:         e.SourcePing,
		SourcePingEvery:    take(p, &e.SourcePingEvery, duration(tick, hour)),
		SourceSplit:        take(p, &e.SourceSplit, parseSplit),
		SourceSendRate:     take(p, &e.SourceSendRate, parseRate),
		SourceID:           take(p, &e.SourceID, parseID),
		SourceCursor:       take(p, &e.SourceCursor, parseKey),
		SourceMaxAge:       take(p, &e.SourceMaxAge, zeroOr(duration(time.Second, 30*24*hour))),
		SourceOverlap:      take(p, &e.SourceOverlap, parseBool),
		SourceSubprotocols: take(p, &e.SourceSubprotocols, parseSubprotocols),
		SourceKey:          take(p, &e.SourceKey, parseKey),
		SourceMaxMessage:   take(p, &e.SourceMaxMessage, size(1, gib)),
		SourceWSPing:       take(p, &e.SourceWSPing, parseWSPing),
		SourceIdleTimeout:  take(p, &e.SourceIdleTimeout, zeroOr(duration(tick, 24*hour))),
	}
	c.QueueMessages = take(p, &e.QueueMessages, autoOr(max(1, c.RingMessages/2), count(1, maxMessages)))
	c.QueueBytes = take(p, &e.QueueBytes, autoOr(max(1, c.RingBytes/2), size(1, tib)))
	keys := take(p, &e.SnapshotKeys, count(1, maxMessages))
	if take(p, &e.Snapshot, choice("none", "last")) == "last" {
		c.SnapshotKeys = keys
	}
	return c
}

// crossCheck checks values against each other, where each is good alone.
func (p *parser) crossCheck(e *Environment, c Config) {
	if p.good(&e.QueueMessages, &e.RingMessages) && c.QueueMessages > c.RingMessages {
		p.reject(&e.QueueMessages, "a queue is a part of the ring; write at most FANTAIL_RING_MESSAGES (%d), or auto", c.RingMessages)
	}
	if p.good(&e.QueueBytes, &e.RingBytes) && c.QueueBytes > c.RingBytes {
		p.reject(&e.QueueBytes, "a queue is a part of the ring; write at most FANTAIL_RING_BYTES (%s), or auto", e.RingBytes)
	}
	if least := 4 * c.SourceMaxMessage; p.good(&e.RingBytes, &e.SourceMaxMessage) && c.RingBytes < least {
		p.reject(&e.RingBytes, "the ring must hold 4 messages of FANTAIL_SOURCE_MAX_MESSAGE (%s); write at least %s, or lower that",
			e.SourceMaxMessage, formatSize(least))
	}
	if p.good(&e.SlowPolicy, &e.Snapshot) && c.SlowPolicy == hub.Conflate && e.Snapshot == "none" {
		p.reject(&e.SlowPolicy, "conflating takes the newest messages from the snapshot; write FANTAIL_SNAPSHOT=last as well, or evict or skip")
	}
	p.checkUplink(e, c)
	p.checkSource(e, c)
	if p.good(&e.SourceURL, &e.PushToken) && e.PushToken == "" && IsPush(c.SourceURL) {
		p.reject(&e.PushToken, "anybody could push messages to clients; write a token of 16 characters or more, or @ and a file that holds it")
	}
	p.checkTLS(e)
}

// checkSource has feed check what belongs together in the source's settings.
func (p *parser) checkSource(e *Environment, c Config) {
	if !p.good(&e.SourceURL, &e.SourceRules, &e.SourceCursor, &e.SourceID, &e.SourcePing, &e.SourceMaxAge, &e.SourceOverlap, &e.SourceMode, &e.SourceSeq) {
		return
	}
	check := feed.Config{
		URL: c.SourceURL, Stdin: strings.NewReader(""), Rules: c.SourceRules, PingText: c.SourcePing,
		Mode: c.SourceMode, Seq: c.SourceSeq,
		ID: c.SourceID, Cursor: c.SourceCursor, MaxAge: c.SourceMaxAge, Overlap: c.SourceOverlap,
		Uplink: c.Uplink == "forward",
	}
	if _, err := feed.New(check, nil, zerolog.Nop()); err != nil {
		for line := range strings.Lines(err.Error()) {
			p.add("the source's settings", errors.New(strings.TrimPrefix(strings.TrimSpace(line), "feed: ")))
		}
	}
}

// checkTLS reads the certificate and its key, if TLS is wanted.
func (p *parser) checkTLS(e *Environment) {
	switch {
	case e.TLSCert == "" && e.TLSKey == "":
	case e.TLSKey == "":
		p.reject(&e.TLSKey, "FANTAIL_TLS_CERT is set without its key; write the key's file, such as /etc/fantail/tls.key")
	case e.TLSCert == "":
		p.reject(&e.TLSCert, "FANTAIL_TLS_KEY is set without its certificate; write the chain's file, such as /etc/fantail/tls.crt")
	default:
		if _, err := tls.LoadX509KeyPair(e.TLSCert, e.TLSKey); err != nil {
			p.reject(&e.TLSCert, "cannot be used with FANTAIL_TLS_KEY=%s: %v; both must be readable PEM files that belong together", e.TLSKey, err)
		}
	}
}
