package config

import (
	"time"

	"github.com/dustin/go-humanize"

	"fantail/feed/driver"
	"fantail/relay"
)

func listenRows(c *Config) []Variable {
	return []Variable{
		{
			Name: "FANTAIL_LISTEN", Default: ":8080", Basic: true,
			About:  "address that clients connect to, host:port; no host is every interface",
			setter: to(&c.Listen.Public, parseListen),
		},
		{
			Name: "FANTAIL_ADMIN_LISTEN", Default: "127.0.0.1:9090", Basic: true,
			About:  "address of metrics, client list and profiles; keep it private",
			setter: to(&c.Listen.Admin, parseListen),
		},
	}
}

func ringRows(c *Config) []Variable {
	return []Variable{
		{
			Name: "FANTAIL_RING_MESSAGES", Default: "65536", Basic: true,
			About:  "messages kept for slow and returning clients, 1 to 16777216",
			setter: to(&c.Hub.Ring.Messages, count(1, maxMessages)),
		},
		{
			Name: "FANTAIL_RING_BYTES", Default: "128MiB", Basic: true,
			About:  "bytes kept for them; at least 4 times FANTAIL_SOURCE_MAX_MESSAGE",
			setter: to(&c.Hub.Ring.Bytes, size[int](4*kib, tib)),
		},
		{
			Name: "FANTAIL_SNAPSHOT", Default: "none",
			About:  "last keeps the newest message of each key, for /snapshot, ?snapshot=1 and conflate; none keeps nothing",
			setter: to(&c.snapshot, choice("none", "last")).and(&c.Hub.Snapshot),
		},
		{
			Name: "FANTAIL_SNAPSHOT_KEYS", Default: "100000",
			About:  "keys in the snapshot; the one whose message is oldest makes room for a new one",
			setter: to(&c.Hub.Snapshot.Keys, count(1, maxMessages)),
		},
	}
}

func slowRows(c *Config) []Variable {
	return []Variable{
		{
			Name: "FANTAIL_SLOW_POLICY", Default: "evict", Basic: true,
			About:  "what becomes of a client that cannot keep up: evict closes it with 4408 and its position; skip leaves out what it missed, conflate sends the newest message of each key, and both tell it; raw WebSockets are always evicted",
			setter: to(&c.Relay.Delivery.Policy, parsePolicy),
		},
		{
			Name: "FANTAIL_STALL_TIMEOUT", Default: "10s", Basic: true,
			About:  "how long a client may take nothing while messages wait for it",
			setter: to(&c.Hub.Queue.Stall, duration(tick, hour)),
		},
		{
			Name: "FANTAIL_QUEUE_MESSAGES", Default: "auto",
			About:  "messages a client may be behind before it is slow; auto is half the ring",
			setter: to(&c.Hub.Queue.Messages, autoOr(0, count(1, maxMessages))),
		},
		{
			Name: "FANTAIL_QUEUE_BYTES", Default: "auto",
			About:  "bytes a client may be behind before it is slow; auto is half the ring",
			setter: to(&c.Hub.Queue.Bytes, autoOr(0, size[int](1, tib))),
		},
		{
			Name: "FANTAIL_CLIENT_POLICY", Default: "true",
			About:  "whether clients may choose another policy by ?policy=",
			setter: by(&c.Relay.Delivery.FixedPolicy, parseBool, func(may bool) { c.Relay.Delivery.FixedPolicy = !may }),
		},
		{
			Name: "FANTAIL_UNSENT_LIMIT", Default: "64KiB",
			About:  "unsent bytes per client that the kernel may hold",
			setter: to(&c.Relay.Sockets.UnsentLimit, size[int](kib, 64*mib)),
		},
	}
}

func limitRows(c *Config) []Variable {
	return []Variable{
		{
			Name: "FANTAIL_MAX_CLIENTS", Default: auto, Basic: true,
			About:  "clients at once; auto is what the limit on open files (ulimit -n) allows",
			Shows:  c.showMaxClients,
			setter: to(&c.Relay.Limits.Clients, parseMaxClients),
		},
		{
			Name: "FANTAIL_MAX_CLIENTS_PER_IP", Default: "0",
			About:  "clients at once from one address, or one IPv6 /64; 0 is off",
			setter: to(&c.Relay.Limits.ClientsPerIP, count(0, 1<<20)),
		},
		{
			Name: "FANTAIL_HANDSHAKE_RATE", Default: "0",
			About:  "handshakes a second; more wait for a second at most and are then refused; 0 is off",
			setter: by(&c.Relay.Limits.HandshakeRate, count(0, 1<<20), func(n int) { c.Relay.Limits.HandshakeRate = float64(n) }),
		},
	}
}

func accessRows(c *Config) []Variable {
	return []Variable{
		{
			Name: "FANTAIL_ALLOWED_ORIGINS", Basic: true,
			About:  "web pages that may connect, such as https://example.com, separated by commas; * is any; empty is the same origin only",
			setter: to(&c.Relay.Access.AllowedOrigins, listOf(relay.CheckOrigin)),
		},
		{
			Name:   "FANTAIL_TRUSTED_PROXIES",
			About:  "addresses or prefixes of proxies whose Forwarded or X-Forwarded-For is believed, separated by commas",
			setter: to(&c.Relay.Access.TrustedProxies, listOf(relay.CheckProxy)),
		},
		{
			Name: "FANTAIL_KEY_REQUIRED", Default: "false",
			About:  "whether clients must name the keys they want by ?key=",
			setter: to(&c.Relay.Access.KeyRequired, parseBool),
		},
	}
}

func clientRows(c *Config) []Variable {
	return []Variable{
		{
			Name: "FANTAIL_PING_INTERVAL", Default: "30s",
			About:  "time between pings to a client",
			setter: to(&c.Hub.Liveness.PingInterval, duration(tick, hour)),
		},
		{
			Name: "FANTAIL_PONG_TIMEOUT", Default: "10s",
			About:  "silence after a ping that ends the client",
			setter: to(&c.Hub.Liveness.PongTimeout, duration(tick, hour)).and(&c.Relay.Sockets.PeerTimeout),
		},
		{
			Name: "FANTAIL_CLIENT_MAX_AGE", Default: "0",
			About:  "age at which a client is told to reconnect (1012), less up to a tenth at random; 0 is off",
			setter: to(&c.Hub.MaxAge, zeroOr(duration(time.Second, 30*24*hour))),
		},
		{
			Name: "FANTAIL_COMPRESSION", Default: "true",
			About:  "whether WebSocket clients that offer it get compressed messages (permessage-deflate); each message is compressed once for all",
			setter: to(&c.Relay.Delivery.Compression, parseBool),
		},
	}
}

func uplinkRows(c *Config) []Variable {
	r := &c.Relay
	return []Variable{
		{
			Name: "FANTAIL_UPLINK", Default: "reject",
			About:  "what becomes of a client's messages: reject closes with 1008, ignore drops them, forward sends those that FANTAIL_UPLINK_ALLOW matches to the source",
			setter: to(&r.Uplink.Mode, parseUplink).and(&c.Feed.Sending.Uplink),
		},
		{
			Name:   "FANTAIL_UPLINK_ALLOW",
			About:  "regular expression of the messages that are forwarded; it may match anywhere, so begin it with ^; .* is all of them, such as one that unsubscribes everybody",
			setter: to(&r.Uplink.Allow, parseRegexp),
		},
		{
			Name: "FANTAIL_UPLINK_RATE", Default: "5",
			About: "messages that a client may send to be forwarded: 5 a second, or 20/10s; so many may come at once; 0 is off",
			setter: by(&r.Uplink.Rate, parseRate, func(rate driver.Rate) {
				if rate.Count > 0 {
					r.Uplink.Rate, r.Uplink.Burst = float64(rate.Count)/rate.Per.Seconds(), rate.Count
				}
			}).and(&r.Uplink.Burst),
		},
		{
			Name: "FANTAIL_UPLINK_MAX_MESSAGE", Default: "64KiB",
			About:  "longest message taken from a client",
			setter: to(&r.Uplink.MaxMessage, size[int64](1, 64*mib)),
		},
	}
}

// showMaxClients says what auto is on this machine.
func (c *Config) showMaxClients(text string) string {
	if text == auto {
		text += ": " + humanize.Comma(int64(c.Relay.Limits.Clients)) + " with this limit on open files"
	}
	return text
}
