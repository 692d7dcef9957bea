package config

import (
	"os"

	"fantail/feed"
)

// Feed returns the configuration of the source.
func Feed(c Config) feed.Config {
	host, _ := os.Hostname() // without a name the first source is preferred
	return feed.Config{
		URL: c.SourceURL, Mode: c.SourceMode, Seq: c.SourceSeq, GapWait: c.SourceGapWait, Failback: c.SourceFailback, Host: host,
		Send: c.SourceSend, Headers: c.SourceHeaders, Subprotocols: c.SourceSubprotocols,
		Rules: c.SourceRules, Split: c.SourceSplit, PingText: c.SourcePing, PingEvery: c.SourcePingEvery, SendRate: c.SourceSendRate,
		ID: c.SourceID, Cursor: c.SourceCursor, MaxAge: c.SourceMaxAge, Overlap: c.SourceOverlap, Uplink: c.Uplink == "forward",
		Key: c.SourceKey, MaxMessage: c.SourceMaxMessage, Ping: c.SourceWSPing, IdleTimeout: c.SourceIdleTimeout, Stdin: os.Stdin,
	}
}
