package config

import (
	"reflect"
	"strings"

	"github.com/kelseyhightower/envconfig"
)

// Environment is the configuration as text and the one place that knows each
// variable's name, default and description: the help, the README's table and
// the check for unknown variables are made from it. Its fields are strings, so
// that reading it cannot fail and every problem is found by our own parsing.
//
// The names stand in full because envconfig, given a prefix, would fall back to
// the variable without it (TestEnvironmentIgnoresUnprefixedNames).
//
// A secret is "all" where an error may show nothing of the value, and "url"
// where it may show what maskURL leaves.
type Environment struct {
	Basics
	Details
}

// Basics are the variables that most operators look at.
type Basics struct {
	SourceURL      string `envconfig:"FANTAIL_SOURCE_URL" default:"demo:" secret:"url" desc:"where the feed comes from: ws://… or wss://…, http://… or https://… (Server-Sent Events or NDJSON), redis://…, nats://…, amqp://…, push: (POST /push), replay:FILE, stdin: or demo: (a synthetic market); several, separated by spaces, go by FANTAIL_SOURCE_MODE"`
	Listen         string `envconfig:"FANTAIL_LISTEN" default:":8080" desc:"address that clients connect to, host:port; no host is every interface"`
	AdminListen    string `envconfig:"FANTAIL_ADMIN_LISTEN" default:"127.0.0.1:9090" desc:"address of metrics, client list and profiles; keep it private"`
	RingMessages   string `envconfig:"FANTAIL_RING_MESSAGES" default:"65536" desc:"messages kept for slow and returning clients, 1 to 16777216"`
	RingBytes      string `envconfig:"FANTAIL_RING_BYTES" default:"128MiB" desc:"bytes kept for them; at least 4 times FANTAIL_SOURCE_MAX_MESSAGE"`
	SlowPolicy     string `envconfig:"FANTAIL_SLOW_POLICY" default:"evict" desc:"what becomes of a client that cannot keep up: evict closes it with 4408 and its position; skip leaves out what it missed, conflate sends the newest message of each key, and both tell it; raw WebSockets are always evicted"`
	StallTimeout   string `envconfig:"FANTAIL_STALL_TIMEOUT" default:"10s" desc:"how long a client may take nothing while messages wait for it"`
	MaxClients     string `envconfig:"FANTAIL_MAX_CLIENTS" default:"auto" desc:"clients at once; auto is what the limit on open files (ulimit -n) allows"`
	AllowedOrigins string `envconfig:"FANTAIL_ALLOWED_ORIGINS" desc:"web pages that may connect, such as https://example.com, separated by commas; * is any; empty is the same origin only"`
	LogLevel       string `envconfig:"FANTAIL_LOG_LEVEL" default:"info" desc:"debug, info, warn or error"`
}

// Details are the variables that have a good default for nearly everybody.
type Details struct {
	QueueMessages      string `envconfig:"FANTAIL_QUEUE_MESSAGES" default:"auto" desc:"messages a client may be behind before it is slow; auto is half the ring"`
	QueueBytes         string `envconfig:"FANTAIL_QUEUE_BYTES" default:"auto" desc:"bytes a client may be behind before it is slow; auto is half the ring"`
	ClientPolicy       string `envconfig:"FANTAIL_CLIENT_POLICY" default:"true" desc:"whether clients may choose another policy by ?policy="`
	Snapshot           string `envconfig:"FANTAIL_SNAPSHOT" default:"none" desc:"last keeps the newest message of each key, for /snapshot, ?snapshot=1 and conflate; none keeps nothing"`
	SnapshotKeys       string `envconfig:"FANTAIL_SNAPSHOT_KEYS" default:"100000" desc:"keys in the snapshot; the one whose message is oldest makes room for a new one"`
	KeyRequired        string `envconfig:"FANTAIL_KEY_REQUIRED" default:"false" desc:"whether clients must name the keys they want by ?key="`
	UnsentLimit        string `envconfig:"FANTAIL_UNSENT_LIMIT" default:"64KiB" desc:"unsent bytes per client that the kernel may hold"`
	PingInterval       string `envconfig:"FANTAIL_PING_INTERVAL" default:"30s" desc:"time between pings to a client"`
	PongTimeout        string `envconfig:"FANTAIL_PONG_TIMEOUT" default:"10s" desc:"silence after a ping that ends the client"`
	ClientMaxAge       string `envconfig:"FANTAIL_CLIENT_MAX_AGE" default:"0" desc:"age at which a client is told to reconnect (1012), less up to a tenth at random; 0 is off"`
	MaxClientsPerIP    string `envconfig:"FANTAIL_MAX_CLIENTS_PER_IP" default:"0" desc:"clients at once from one address, or one IPv6 /64; 0 is off"`
	TrustedProxies     string `envconfig:"FANTAIL_TRUSTED_PROXIES" desc:"addresses or prefixes of proxies whose Forwarded or X-Forwarded-For is believed, separated by commas"`
	HandshakeRate      string `envconfig:"FANTAIL_HANDSHAKE_RATE" default:"0" desc:"handshakes a second; more wait for a second at most and are then refused; 0 is off"`
	Compression        string `envconfig:"FANTAIL_COMPRESSION" default:"true" desc:"whether WebSocket clients that offer it get compressed messages (permessage-deflate); each message is compressed once for all"`
	Uplink             string `envconfig:"FANTAIL_UPLINK" default:"reject" desc:"what becomes of a client's messages: reject closes with 1008, ignore drops them, forward sends those that FANTAIL_UPLINK_ALLOW matches to the source"`
	UplinkAllow        string `envconfig:"FANTAIL_UPLINK_ALLOW" desc:"regular expression of the messages that are forwarded; it may match anywhere, so begin it with ^; .* is all of them, such as one that unsubscribes everybody"`
	UplinkRate         string `envconfig:"FANTAIL_UPLINK_RATE" default:"5" desc:"messages that a client may send to be forwarded: 5 a second, or 20/10s; so many may come at once; 0 is off"`
	UplinkMaxMessage   string `envconfig:"FANTAIL_UPLINK_MAX_MESSAGE" default:"64KiB" desc:"longest message taken from a client"`
	TLSCert            string `envconfig:"FANTAIL_TLS_CERT" desc:"certificate chain file (PEM); with FANTAIL_TLS_KEY it turns on TLS for clients"`
	TLSKey             string `envconfig:"FANTAIL_TLS_KEY" desc:"private key file (PEM)"`
	DrainDelay         string `envconfig:"FANTAIL_DRAIN_DELAY" default:"0s" desc:"on SIGTERM, time to be not ready before clients are closed"`
	DrainWindow        string `envconfig:"FANTAIL_DRAIN_WINDOW" default:"7s" desc:"time over which clients are then closed"`
	LogFormat          string `envconfig:"FANTAIL_LOG_FORMAT" default:"auto" desc:"json, console, or auto: console on a terminal"`
	PushToken          string `envconfig:"FANTAIL_PUSH_TOKEN" secret:"all" desc:"token that POST /push wants, at least 16 characters, or @file, which is read at each request; for the source push:"`
	SourceMode         string `envconfig:"FANTAIL_SOURCE_MODE" default:"failover" desc:"what becomes of several sources: failover takes one at a time, race all at once and each message from the one that has it first, merge all messages of all"`
	SourceSeq          string `envconfig:"FANTAIL_SOURCE_SEQ" desc:"for race: where a message has a number that rises by one, as FANTAIL_SOURCE_KEY says it; each number is relayed once, in order, and one source fills the gaps of another; empty is the first copy by FANTAIL_SOURCE_ID, or of equal messages"`
	SourceGapWait      string `envconfig:"FANTAIL_SOURCE_GAP_WAIT" default:"50ms" desc:"how long a race waits for a number that is missing"`
	SourceFailback     string `envconfig:"FANTAIL_SOURCE_FAILBACK" default:"1m" desc:"for failover: time, up to twice as long at random, after which the source that this host prefers is tried again beside its stand-in; 0 is when the stand-in fails"`
	SourceSend         string `envconfig:"FANTAIL_SOURCE_SEND" secret:"all" desc:"messages to send once connected: a JSON array, or @file, which is read at each connect"`
	SourceHeaders      string `envconfig:"FANTAIL_SOURCE_HEADERS" secret:"all" desc:"HTTP headers of the connection: a JSON object, or @file, which is read at each connect"`
	SourceRules        string `envconfig:"FANTAIL_SOURCE_RULES" secret:"all" desc:"what to do about messages of the source's protocol: a JSON array of objects with match (a regular expression), do (reply, drop, reconnect or fatal), send (of reply) and relay; or @file, which is read at each connect; the first that matches counts"`
	SourcePing         string `envconfig:"FANTAIL_SOURCE_PING" secret:"all" desc:"text to send every FANTAIL_SOURCE_PING_EVERY, for sources that want a ping of their own"`
	SourcePingEvery    string `envconfig:"FANTAIL_SOURCE_PING_EVERY" default:"20s" desc:"time between those"`
	SourceSplit        string `envconfig:"FANTAIL_SOURCE_SPLIT" default:"none" desc:"whether one message of the source is several: none, lines, or json-array for the elements of one"`
	SourceSendRate     string `envconfig:"FANTAIL_SOURCE_SEND_RATE" default:"0" desc:"most messages sent to the source, evenly spaced: 5 a second, or 20/10s; WebSocket pings and pongs count; 0 is off"`
	SourceID           string `envconfig:"FANTAIL_SOURCE_ID" desc:"what makes two messages the same, so that the second is dropped: gjson paths or re: as in FANTAIL_SOURCE_KEY; or hash, for equal messages over two connections; empty drops nothing"`
	SourceCursor       string `envconfig:"FANTAIL_SOURCE_CURSOR" desc:"where a message has the source's own position, such as time_us: the last one stands for {cursor} in FANTAIL_SOURCE_URL when it is connected anew, and for {cursor-5000000} less so much"`
	SourceMaxAge       string `envconfig:"FANTAIL_SOURCE_MAX_AGE" default:"0" desc:"age at which the connection to the source is replaced, less up to a tenth at random; 0 is off"`
	SourceOverlap      string `envconfig:"FANTAIL_SOURCE_OVERLAP" default:"false" desc:"whether the next connection is then opened before the old one is left, so that nothing is lost; the source must allow two at once"`
	SourceSubprotocols string `envconfig:"FANTAIL_SOURCE_SUBPROTOCOLS" desc:"WebSocket subprotocols to offer, separated by commas"`
	SourceKey          string `envconfig:"FANTAIL_SOURCE_KEY" desc:"where a message's key is: gjson paths joined by colons, such as stream or arg.channel:arg.instId, or re: and a regular expression with one group; empty leaves the source's own keys"`
	SourceMaxMessage   string `envconfig:"FANTAIL_SOURCE_MAX_MESSAGE" default:"16MiB" desc:"longest message taken from the source"`
	SourceWSPing       string `envconfig:"FANTAIL_SOURCE_WS_PING" default:"20s" desc:"time between WebSocket pings to the source, and how long it may take to answer; 0 or off sends none"`
	SourceIdleTimeout  string `envconfig:"FANTAIL_SOURCE_IDLE_TIMEOUT" default:"0" desc:"silence after which the source is connected anew; 0 is off, since quiet feeds are legal"`
}

// Variable is one field of an environment.
type Variable struct {
	Name, Def, About, Secret string
	Basic                    bool
	Value                    *string
}

// ReadEnvironment reads the process's environment. A variable that is set but
// empty has its default, as compose files write it, except FANTAIL_SOURCE_URL:
// an image sets that one empty so that nobody is served demo prices by mistake.
// Single quotes around a value are taken off, so that one file of NAME='value'
// lines serves shells, which take them off by themselves, and docker run
// --env-file, which does not.
func ReadEnvironment() *Environment {
	e := new(Environment)
	envconfig.MustProcess("", e) // strings alone: only a broken struct could fail
	return e.completed()
}

// environmentOf returns an environment that has these NAME=value entries alone, of
// variables that there are.
func environmentOf(entries []string) *Environment {
	e := new(Environment)
	for _, v := range e.Variables() {
		*v.Value = v.Def
		for _, entry := range entries {
			if value, ok := strings.CutPrefix(entry, v.Name+"="); ok {
				*v.Value = value
			}
		}
	}
	return e.completed()
}

// completed takes quotes off and puts defaults in.
func (e *Environment) completed() *Environment {
	for _, v := range e.Variables() {
		*v.Value = unquote(strings.TrimSpace(*v.Value))
		if *v.Value == "" && v.Value != &e.SourceURL {
			*v.Value = v.Def
		}
	}
	return e
}

// unquote takes off one pair of single quotes around a value. None that means
// anything has them: they are in no address, number or JSON text at both ends.
func unquote(value string) string {
	if n := len(value); n >= 2 && value[0] == '\'' && value[n-1] == '\'' {
		return value[1 : n-1]
	}
	return value
}

// Variables lists e's fields in the order in which they are written above.
func (e *Environment) Variables() []Variable {
	var all []Variable
	basics, values := reflect.TypeFor[Basics](), reflect.ValueOf(e).Elem()
	for _, f := range reflect.VisibleFields(values.Type()) {
		if f.Anonymous {
			continue
		}
		_, basic := basics.FieldByName(f.Name)
		all = append(all, Variable{
			Name:   f.Tag.Get("envconfig"),
			Def:    f.Tag.Get("default"),
			About:  f.Tag.Get("desc"),
			Secret: f.Tag.Get("secret"),
			Basic:  basic,
			Value:  values.FieldByIndex(f.Index).Addr().Interface().(*string),
		})
	}
	return all
}
