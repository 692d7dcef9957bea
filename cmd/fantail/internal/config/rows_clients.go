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
			About:  "Address that clients connect to, as host:port. Without a host it is every interface.",
			setter: to(&c.Listen.Public, parseListen),
		},
		{
			Name: "FANTAIL_ADMIN_LISTEN", Default: "127.0.0.1:9090", Basic: true,
			About:  "Address of the metrics, the client list and the profiles. Keep it private.",
			setter: to(&c.Listen.Admin, parseListen),
		},
	}
}

func ringRows(c *Config) []Variable {
	return []Variable{
		{
			Name: "FANTAIL_RING_MESSAGES", Default: "65536", Basic: true,
			About:  "Most messages that the ring keeps for slow and returning clients, 1 to 16777216.",
			setter: to(&c.Hub.Ring.Messages, count(1, maxMessages)),
		},
		{
			Name: "FANTAIL_RING_BYTES", Default: "128MiB", Basic: true,
			About:  "Most bytes that the ring keeps for them, at least 4 times FANTAIL_SOURCE_MAX_MESSAGE.",
			setter: to(&c.Hub.Ring.Bytes, size[int](4*kib, tib)),
		},
		{
			Name: "FANTAIL_SNAPSHOT", Default: "none",
			About:  "last keeps the newest message of each key, for /snapshot, ?snapshot=1 and conflate. none keeps nothing.",
			setter: to(&c.snapshot, choice("none", "last")).and(&c.Hub.Snapshot),
		},
		{
			Name: "FANTAIL_SNAPSHOT_KEYS", Default: "100000",
			About:  "Most keys in the snapshot. A new key takes the place of the key whose message is oldest.",
			setter: to(&c.Hub.Snapshot.Keys, count(1, maxMessages)),
		},
	}
}

func slowRows(c *Config) []Variable {
	return []Variable{
		{
			Name: "FANTAIL_SLOW_POLICY", Default: "evict", Basic: true,
			About:  "What happens to a client that cannot keep up. evict closes it with 4408 and its position. skip leaves out the messages that it missed. conflate sends the newest message of each key. Both tell the client of the gap. A raw WebSocket is always evicted.",
			setter: to(&c.Relay.Delivery.Policy, parsePolicy),
		},
		{
			Name: "FANTAIL_STALL_TIMEOUT", Default: "10s", Basic: true,
			About:  "How long a client may take nothing while messages wait for it.",
			setter: to(&c.Hub.Queue.Stall, duration(tick, hour)),
		},
		{
			Name: "FANTAIL_QUEUE_MESSAGES", Default: "auto",
			About:  "Number of messages that a client may be behind before it is slow. auto is half the ring.",
			setter: to(&c.Hub.Queue.Messages, autoOr(0, count(1, maxMessages))),
		},
		{
			Name: "FANTAIL_QUEUE_BYTES", Default: "auto",
			About:  "Number of bytes that a client may be behind before it is slow. auto is half the ring.",
			setter: to(&c.Hub.Queue.Bytes, autoOr(0, size[int](1, tib))),
		},
		{
			Name: "FANTAIL_CLIENT_POLICY", Default: "true",
			About:  "Whether a client may choose another policy by ?policy=.",
			setter: by(&c.Relay.Delivery.FixedPolicy, parseBool, func(may bool) { c.Relay.Delivery.FixedPolicy = !may }),
		},
		{
			Name: "FANTAIL_UNSENT_LIMIT", Default: "64KiB",
			About:  "Most unsent bytes that the kernel holds for a client.",
			setter: to(&c.Relay.Sockets.UnsentLimit, size[int](kib, 64*mib)),
		},
	}
}

func limitRows(c *Config) []Variable {
	return []Variable{
		{
			Name: "FANTAIL_MAX_CLIENTS", Default: auto, Basic: true,
			About:  "Most clients at once. auto is the number that the limit on open files (ulimit -n) allows.",
			Shows:  c.showMaxClients,
			setter: to(&c.Relay.Limits.Clients, parseMaxClients),
		},
		{
			Name: "FANTAIL_MAX_CLIENTS_PER_IP", Default: "0",
			About:  "Most clients at once from one IPv4 address or one IPv6 /64. 0 is no limit.",
			setter: to(&c.Relay.Limits.ClientsPerIP, count(0, 1<<20)),
		},
		{
			Name: "FANTAIL_HANDSHAKE_RATE", Default: "0",
			About:  "Most handshakes a second. Further ones wait for up to a second and are then refused. 0 is no limit.",
			setter: by(&c.Relay.Limits.HandshakeRate, count(0, 1<<20), func(n int) { c.Relay.Limits.HandshakeRate = float64(n) }),
		},
	}
}

func accessRows(c *Config) []Variable {
	return []Variable{
		{
			Name: "FANTAIL_ALLOWED_ORIGINS", Basic: true,
			About:  "Origins of the web pages that may connect, such as https://example.com, separated by commas. * allows any origin. Without a value only the relay's own origin may connect.",
			setter: to(&c.Relay.Access.AllowedOrigins, listOf(relay.CheckOrigin)),
		},
		{
			Name:   "FANTAIL_TRUSTED_PROXIES",
			About:  "Addresses or prefixes of the proxies whose Forwarded or X-Forwarded-For the relay believes, separated by commas.",
			setter: to(&c.Relay.Access.TrustedProxies, listOf(relay.CheckProxy)),
		},
		{
			Name: "FANTAIL_KEY_REQUIRED", Default: "false",
			About:  "Whether a client must name the keys that it wants by ?key=.",
			setter: to(&c.Relay.Access.KeyRequired, parseBool),
		},
	}
}

func clientRows(c *Config) []Variable {
	return []Variable{
		{
			Name: "FANTAIL_PING_INTERVAL", Default: "30s",
			About:  "Time between pings to a client.",
			setter: to(&c.Hub.Liveness.PingInterval, duration(tick, hour)),
		},
		{
			Name: "FANTAIL_PONG_TIMEOUT", Default: "10s",
			About:  "Silence after a ping that ends the connection of the client.",
			setter: to(&c.Hub.Liveness.PongTimeout, duration(tick, hour)).and(&c.Relay.Sockets.PeerTimeout),
		},
		{
			Name: "FANTAIL_CLIENT_MAX_AGE", Default: "0",
			About:  "Age at which the relay tells a client to reconnect (1012), less a random part of up to a tenth. 0 turns this off.",
			setter: to(&c.Hub.MaxAge, zeroOr(duration(time.Second, 30*24*hour))),
		},
		{
			Name: "FANTAIL_COMPRESSION", Default: "true",
			About:  "Whether WebSocket clients that offer permessage-deflate get compressed messages. The relay compresses each message once for all of them.",
			setter: to(&c.Relay.Delivery.Compression, parseBool),
		},
	}
}

func uplinkRows(c *Config) []Variable {
	r := &c.Relay
	return []Variable{
		{
			Name: "FANTAIL_UPLINK", Default: "reject",
			About:  "What happens to a client's messages. reject closes the connection with 1008. ignore drops the messages. forward sends those that FANTAIL_UPLINK_ALLOW matches to the source.",
			setter: to(&r.Uplink.Mode, parseUplink).and(&c.Feed.Sending.Uplink),
		},
		{
			Name:   "FANTAIL_UPLINK_ALLOW",
			About:  "Regular expression of the messages that are forwarded. Begin it with ^, because it may match anywhere in a message. The value .* forwards everything, also a message that unsubscribes everybody.",
			setter: to(&r.Uplink.Allow, parseRegexp),
		},
		{
			Name: "FANTAIL_UPLINK_RATE", Default: "5",
			About: "Most messages that a client may send to be forwarded: 5 a second, or 20/10s. That many may come at once. 0 is no limit.",
			setter: by(&r.Uplink.Rate, parseRate, func(rate driver.Rate) {
				if rate.Count > 0 {
					r.Uplink.Rate, r.Uplink.Burst = float64(rate.Count)/rate.Per.Seconds(), rate.Count
				}
			}).and(&r.Uplink.Burst),
		},
		{
			Name: "FANTAIL_UPLINK_MAX_MESSAGE", Default: "64KiB",
			About:  "Longest message that a client may send.",
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
