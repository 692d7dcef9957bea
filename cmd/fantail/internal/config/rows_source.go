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
			About:  "where the feed comes from: ws://… or wss://…, http://… or https://… (Server-Sent Events or NDJSON), redis://…, nats://…, amqp://…, push: (POST /push), replay:FILE, stdin: or demo: (a synthetic market); several, separated by spaces, go by FANTAIL_SOURCE_MODE",
			Shows:  func(string) string { return feed.Redact(f.Sources.URL) },
			setter: to(&f.Sources.URL, parseSource).and(&c.Relay.Source),
		},
		{
			Name: "FANTAIL_SOURCE_MODE", Default: "failover",
			About:  "what becomes of several sources: failover takes one at a time, race all at once and each message from the one that has it first, merge all messages of all",
			setter: to(&f.Sources.Mode, trimmed("feed: ", feed.ParseMode)),
		},
		{
			Name:   "FANTAIL_SOURCE_SEQ",
			About:  "for race: where a message has a number that rises by one, as FANTAIL_SOURCE_KEY says it; each number is relayed once, in order, and one source fills the gaps of another; empty is the first copy by FANTAIL_SOURCE_ID, or of equal messages",
			setter: to(&f.Sources.Seq, parseKey),
		},
		{
			Name: "FANTAIL_SOURCE_GAP_WAIT", Default: "50ms",
			About:  "how long a race waits for a number that is missing",
			setter: to(&f.Sources.GapWait, duration(time.Millisecond, time.Minute)),
		},
		{
			Name: "FANTAIL_SOURCE_FAILBACK", Default: "1m",
			About:  "for failover: time, up to twice as long at random, after which the source that this host prefers is tried again beside its stand-in; 0 is when the stand-in fails",
			setter: to(&f.Sources.Failback, zeroIs(feed.NoFailback, duration(time.Second, 24*hour))),
		},
	}
}

func connectionRows(c *Config) []Variable {
	f := &c.Feed
	return []Variable{
		{
			Name: "FANTAIL_SOURCE_HEADERS", Secret: Hidden,
			About:  "HTTP headers of the connection: a JSON object, or @file, which is read at each connect",
			setter: to(&f.Dialling.Headers, reread(parseHeaders)),
		},
		{
			Name:   "FANTAIL_SOURCE_SUBPROTOCOLS",
			About:  "WebSocket subprotocols to offer, separated by commas",
			setter: to(&f.Dialling.Subprotocols, parseSubprotocols),
		},
		{
			Name: "FANTAIL_SOURCE_WS_PING", Default: "20s",
			About:  "time between WebSocket pings to the source, and how long it may take to answer; 0 or off sends none",
			setter: to(&f.Dialling.Ping, parseWSPing),
		},
		{
			Name: "FANTAIL_SOURCE_IDLE_TIMEOUT", Default: "0",
			About:  "silence after which the source is connected anew; 0 is off, since quiet feeds are legal",
			setter: to(&f.Dialling.IdleTimeout, zeroOr(duration(tick, 24*hour))),
		},
		{
			Name: "FANTAIL_SOURCE_MAX_AGE", Default: "0",
			About:  "age at which the connection to the source is replaced, less up to a tenth at random; 0 is off",
			setter: to(&f.Renewal.MaxAge, zeroOr(duration(time.Second, 30*24*hour))),
		},
		{
			Name: "FANTAIL_SOURCE_OVERLAP", Default: "false",
			About:  "whether the next connection is then opened before the old one is left, so that nothing is lost; the source must allow two at once",
			setter: to(&f.Renewal.Overlap, parseBool),
		},
	}
}

func sendingRows(c *Config) []Variable {
	f := &c.Feed
	return []Variable{
		{
			Name: "FANTAIL_SOURCE_SEND", Secret: Hidden,
			About:  "messages to send once connected: a JSON array, or @file, which is read at each connect",
			setter: to(&f.Sending.Frames, reread(parseFrames)),
		},
		{
			Name: "FANTAIL_SOURCE_PING", Secret: Hidden,
			About:  "text to send every FANTAIL_SOURCE_PING_EVERY, for sources that want a ping of their own",
			setter: to(&f.Sending.PingText, asIs),
		},
		{
			Name: "FANTAIL_SOURCE_PING_EVERY", Default: "20s",
			About:  "time between those",
			setter: to(&f.Sending.PingEvery, duration(tick, hour)),
		},
		{
			Name: "FANTAIL_SOURCE_SEND_RATE", Default: "0",
			About:  "most messages sent to the source, evenly spaced: 5 a second, or 20/10s; WebSocket pings and pongs count; 0 is off",
			setter: to(&f.Sending.Rate, parseRate),
		},
	}
}

func messageRows(c *Config) []Variable {
	f := &c.Feed
	return []Variable{
		{
			Name:   "FANTAIL_SOURCE_KEY",
			About:  "where a message's key is: gjson paths joined by colons, such as stream or arg.channel:arg.instId, or re: and a regular expression with one group; empty leaves the source's own keys",
			setter: to(&f.Messages.Key, parseKey),
		},
		{
			Name: "FANTAIL_SOURCE_RULES", Secret: Hidden,
			About:  "what to do about messages of the source's protocol: a JSON array of objects with match (a regular expression), do (reply, drop, reconnect or fatal), send (of reply) and relay; or @file, which is read at each connect; the first that matches counts",
			setter: to(&f.Messages.Rules, reread(stage.ParseRules)),
		},
		{
			Name: "FANTAIL_SOURCE_SPLIT", Default: "none",
			About:  "whether one message of the source is several: none, lines, or json-array for the elements of one",
			setter: to(&f.Messages.Split, trimmed("feed: ", stage.ParseSplit)),
		},
		{
			Name:   "FANTAIL_SOURCE_ID",
			About:  "what makes two messages the same, so that the second is dropped: gjson paths or re: as in FANTAIL_SOURCE_KEY; or hash, for equal messages over two connections; empty drops nothing",
			setter: to(&f.Messages.ID, parseID),
		},
		{
			Name:   "FANTAIL_SOURCE_CURSOR",
			About:  "where a message has the source's own position, such as time_us: the last one stands for {cursor} in FANTAIL_SOURCE_URL when it is connected anew, and for {cursor-5000000} less so much",
			setter: to(&f.Messages.Cursor, parseKey),
		},
		{
			Name: "FANTAIL_SOURCE_MAX_MESSAGE", Default: "16MiB",
			About:  "longest message taken from the source",
			setter: to(&f.Messages.MaxMessage, size[int64](1, gib)).and(&c.Relay.Push.MaxBody),
		},
	}
}

func pushRows(c *Config) []Variable {
	return []Variable{
		{
			Name: "FANTAIL_PUSH_TOKEN", Secret: Hidden,
			About:  "token that POST /push wants, at least 16 characters, or @file, which is read at each request; for the source push:",
			setter: to(&c.Relay.Push.Token, reread(parsePushToken)),
		},
	}
}
