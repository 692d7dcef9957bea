package config

import (
	"time"

	"fantail/feed"
	"fantail/feed/stage"
)

func sourceRows(c *Config) []Variable {
	f := &c.Feed
	return []Variable{
		{
			Name: "FANTAIL_SOURCE_URL", Default: "demo:", EmptyCounts: true, Basic: true, Secret: Masked,
			About:  "Where the feed comes from: ws://… or wss://…, http://… or https://… (Server-Sent Events or NDJSON), redis://…, nats://…, amqp://…, push: (POST /push), replay:FILE, stdin: or demo: (a synthetic market). Separate several sources by spaces. FANTAIL_SOURCE_MODE says how they are combined.",
			Shows:  func(string) string { return feed.Redact(f.Sources.URL) },
			setter: to(&f.Sources.URL, parseSource).and(&c.Relay.Source),
		},
		{
			Name: "FANTAIL_SOURCE_MODE", Default: "failover",
			About:  "How several sources are combined. failover uses one at a time. race uses all at once and takes each message from the source that has it first. merge relays all messages of all sources.",
			setter: to(&f.Sources.Mode, trimmed("feed: ", feed.ParseMode)),
		},
		{
			Name:   "FANTAIL_SOURCE_SEQ",
			About:  "For race: where a message has a number that rises by one, written like FANTAIL_SOURCE_KEY. Each number is relayed once and in order, and one source fills the gaps of another. Without a value the first copy of a message counts, as FANTAIL_SOURCE_ID or equal bytes tell copies.",
			setter: to(&f.Sources.Seq, parseKey),
		},
		{
			Name: "FANTAIL_SOURCE_GAP_WAIT", Default: "50ms",
			About:  "How long a race waits for a number that is missing.",
			setter: to(&f.Sources.GapWait, duration(time.Millisecond, time.Minute)),
		},
		{
			Name: "FANTAIL_SOURCE_FAILBACK", Default: "1m",
			About:  "For failover: time after which the relay tries its preferred source again beside the stand-in, plus a random part of up to as much. 0 tries it only when the stand-in fails.",
			setter: to(&f.Sources.Failback, zeroIs(feed.NoFailback, duration(time.Second, 24*hour))),
		},
	}
}

func connectionRows(c *Config) []Variable {
	f := &c.Feed
	return []Variable{
		{
			Name: "FANTAIL_SOURCE_HEADERS", Secret: Hidden,
			About:  "HTTP headers of the connection: a JSON object, or @file. The file is read at each connect.",
			setter: to(&f.Dialling.Headers, reread(parseHeaders)),
		},
		{
			Name:   "FANTAIL_SOURCE_SUBPROTOCOLS",
			About:  "WebSocket subprotocols to offer, separated by commas.",
			setter: to(&f.Dialling.Subprotocols, parseSubprotocols),
		},
		{
			Name: "FANTAIL_SOURCE_WS_PING", Default: "20s",
			About:  "Time between WebSocket pings to the source, and the time that it has to answer one. 0 or off sends none.",
			setter: to(&f.Dialling.Ping, parseWSPing),
		},
		{
			Name: "FANTAIL_SOURCE_IDLE_TIMEOUT", Default: "0",
			About:  "Silence after which the relay reconnects to the source. 0 turns this off, because a feed may be quiet.",
			setter: to(&f.Dialling.IdleTimeout, zeroOr(duration(tick, 24*hour))),
		},
		{
			Name: "FANTAIL_SOURCE_MAX_AGE", Default: "0",
			About:  "Age at which the relay replaces its connection to the source, less a random part of up to a tenth. 0 turns this off.",
			setter: to(&f.Renewal.MaxAge, zeroOr(duration(time.Second, 30*24*hour))),
		},
		{
			Name: "FANTAIL_SOURCE_OVERLAP", Default: "false",
			About:  "Whether the relay then opens the next connection before it leaves the old one, so that nothing is lost. The source must allow two connections at once.",
			setter: to(&f.Renewal.Overlap, parseBool),
		},
	}
}

func sendingRows(c *Config) []Variable {
	f := &c.Feed
	return []Variable{
		{
			Name: "FANTAIL_SOURCE_SEND", Secret: Hidden,
			About:  "Messages to send after each connect: a JSON array, or @file. The file is read at each connect.",
			setter: to(&f.Sending.Frames, reread(parseFrames)),
		},
		{
			Name: "FANTAIL_SOURCE_PING", Secret: Hidden,
			About:  "Text to send every FANTAIL_SOURCE_PING_EVERY, for sources that want a ping of their own.",
			setter: to(&f.Sending.PingText, asIs),
		},
		{
			Name: "FANTAIL_SOURCE_PING_EVERY", Default: "20s",
			About:  "Time between two of these texts.",
			setter: to(&f.Sending.PingEvery, duration(tick, hour)),
		},
		{
			Name: "FANTAIL_SOURCE_SEND_RATE", Default: "0",
			About:  "Most messages to send to the source, evenly spaced: 5 a second, or 20/10s. WebSocket pings and pongs count too. 0 is no limit.",
			setter: to(&f.Sending.Rate, parseRate),
		},
	}
}

func messageRows(c *Config) []Variable {
	f := &c.Feed
	return []Variable{
		{
			Name:   "FANTAIL_SOURCE_KEY",
			About:  "Where a message has its key: gjson paths joined by colons, such as stream or arg.channel:arg.instId, or re: and a regular expression with one group. Without a value the keys are those that the source itself gives.",
			setter: to(&f.Messages.Key, parseKey),
		},
		{
			Name: "FANTAIL_SOURCE_RULES", Secret: Hidden,
			About:  "How to treat messages of the source's protocol: a JSON array of objects, or @file. The file is read at each connect. An object has match (a regular expression), do (reply, drop, reconnect or fatal), send (for reply) and relay. The first object that matches counts.",
			setter: to(&f.Messages.Rules, reread(stage.ParseRules)),
		},
		{
			Name: "FANTAIL_SOURCE_SPLIT", Default: "none",
			About:  "Whether to split a message of the source into several: none, lines, or json-array for the elements of an array.",
			setter: to(&f.Messages.Split, trimmed("feed: ", stage.ParseSplit)),
		},
		{
			Name:   "FANTAIL_SOURCE_ID",
			About:  "How to find a second copy of a message, so that it is dropped: gjson paths or re: as for FANTAIL_SOURCE_KEY, or hash for equal messages of two connections. Without a value nothing is dropped.",
			setter: to(&f.Messages.ID, parseID),
		},
		{
			Name:   "FANTAIL_SOURCE_CURSOR",
			About:  "Where a message has the source's own position, such as time_us. At a reconnect the last one replaces {cursor} in FANTAIL_SOURCE_URL. {cursor-5000000} is that position less 5000000.",
			setter: to(&f.Messages.Cursor, parseKey),
		},
		{
			Name: "FANTAIL_SOURCE_MAX_MESSAGE", Default: "16MiB",
			About:  "Longest message that the source may send.",
			setter: to(&f.Messages.MaxMessage, size[int64](1, gib)).and(&c.Relay.Push.MaxBody),
		},
	}
}

func pushRows(c *Config) []Variable {
	return []Variable{
		{
			Name: "FANTAIL_PUSH_TOKEN", Secret: Hidden,
			About:  "Token that POST /push asks for, with the source push:. It has at least 16 characters, or is @file. The file is read at each request.",
			setter: to(&c.Relay.Push.Token, reread(parsePushToken)),
		},
	}
}
