// Package feed turns a source into messages: drivers by URL scheme, and the
// supervision that brings a lost source back. It owns what the source sees: one
// connection, what is sent over it, and when it is tried again.
//
// It refuses to know clients, the ring or HTTP handlers, reads no variables of
// its own (net/http's proxy variables excepted), and changes no message: what
// the source sent is published byte for byte, or counted as dropped. Errors
// name the FANTAIL_ variables, since that is what their reader can change.
//
// # The road of a message
//
//	driver.open -> stream.next -> relay -> publish -> Publisher.Publish
//
// One goroutine, Run's, pulls messages from the stream and publishes them. The
// stream reads into a buffer that it uses again for the next message; Publish
// copies. So nothing queues up here: a hub that never blocks is what keeps the
// source's socket empty. Text that is not UTF-8 is dropped and counted in
// publish, the one gate, because the WebSocket library does not check it and
// clients would close their connections over it (TestU3NotUTF8IsDropped).
//
// A new kind of source is one file with a driver, and one row in schemes.
//
// # Supervision
//
//   - There is one connection at most; the next is opened after the last is
//     closed (TestU2FlappingIsNoHotLoop).
//   - A lost source is tried again at once, then after waits drawn evenly
//     between 0 and a bound that doubles from 0.5 s to 30 s: full jitter.
//   - The waits start over once a connection that is 10 s old delivers a
//     message. One that greets and drops has not recovered, and a feed that
//     says nothing may wait a little longer than it had to
//     (TestBackOffStartsOverOnceDataFlowed).
//   - An outage runs from the loss of the connection, or from the first failure
//     after the start, until a connection is open again. It does not wait for
//     a message: quiet feeds are legal. Its end is one log line. What the
//     source sent meanwhile is lost, and nobody can know what it was.
//   - Config.IdleTimeout ends a connection without messages. It applies to
//     sources that reconnecting can help: not to a recording, stdin or the demo.
//   - A stream ends in one of three ways. A failure, which has a [Reason], is
//     counted and tried again. io.EOF ends Run with nil: the source is
//     finished. Any other error ends Run with it: a recording's broken line
//     would be broken the next time too, and what stands before it would be
//     published twice.
//   - Config.Notify is told of an outage when it begins, once, and when it ends:
//     not of the first connection, but of a source that cannot be reached at the
//     start, and of one that has ended for good (TestNotify). The end of Run is no
//     outage.
//
// # Keys
//
// A key labels a message: a symbol, a room, a user. Clients choose keys, and a
// snapshot holds the newest message of each. Without Config.Key a message has
// the key that its driver gives, or none. Config.Key is one of two:
//
//   - gjson paths (https://github.com/tidwall/gjson/blob/master/SYNTAX.md) joined
//     by colons: stream, or arg.channel:arg.instId, or @reverse|0 for the last
//     element of an array. A colon within a path is \:. The key is the values
//     with colons between them. A missing value and null are empty; if all are,
//     there is no key. A string counts without its quotes, everything else as it
//     stands in the message, objects and arrays too. Only text that starts as an
//     object or an array has such a key; whether it is JSON to its end is not
//     checked.
//   - re: and a Go regular expression (RE2) with one group, which is the key. It
//     is held against the whole message, binary too, so its cost grows with the
//     message; one that starts with ^ ends soon.
//
// A key of more than 1 KiB, which no filter could name, or that is not UTF-8 is
// none, and counted: a shortened key would be another key.
//
// # WebSocket
//
//   - Ten seconds bound the opening as a whole, with the frames of Config.Send.
//     What to send and the headers are evaluated at each connect; a file that
//     cannot be read is a failure like any other, since files are replaced.
//   - Redirects are not followed: the headers may hold secrets. The log says
//     where the redirect points.
//   - If subprotocols are configured the source must choose one, as browsers
//     demand too.
//   - Config.Ping is the interval of pings and the deadline of each pong. Any
//     byte that arrives meanwhile is a sign of life (TestWSBytesAreASignOfLife),
//     so a silent connection is noticed within two intervals.
//   - The end of Run sends a close frame with 1000 and waits at most a second for
//     the answer (TestWSDeafSourceDoesNotHoldUpTheEnd). What arrives in that
//     second is still published.
//   - Two habits of the library are made good: it takes a message that the end of
//     the connection cuts short for a whole one (TestWSCutMessageIsNotPublished),
//     and panics at a close frame inside a compressed message
//     (TestWSCloseInsideMessage).
//
// # A relay as source
//
// With Config.Resume the subprotocol fantail.v1 is offered. A server that takes
// it and tells a Fantail-Position is a relay: its envelopes are opened, and what
// was in them is published byte for byte. The position behind the last whole
// message, or behind a gap that the relay told, is what the next connection
// resumes from, with since= in the place of since=, last= and snapshot= in the
// URL. So no message is lost or published twice while the relay holds what is
// missing (TestResumeAcrossCuts); if not, Config.RelayNotice is told the gap.
//
// A relay that does not take the subprotocol is read as it is and resumed where
// its close frame says; behind a cut it begins live, with a gap of unknown size
// (TestResumeRaw).
//
// Logs, errors and [Stats] show the source's URL without user and password,
// and with what looks like a secret in its query and path replaced by ***.
//
// # The numbers of a broker's stream
//
// A stream that a broker keeps has numbers, the same for whoever reads it. They go
// along with the messages (hub.Input.Seq), and Config.Number is told the numbering:
// when the stream was found first, and at each seam, behind which something is
// missing. The stream's first entry that is still kept is such a seam too: what was
// before it, nobody can say.
//
//   - Of JetStream it is the sequence. A stream that is made anew has another time
//     of creation, hence another numbering.
//   - Of a Redis stream it is the id, ms-n, packed into one number. Redis knows no
//     stream from another of the same name, but ids go on with the clock. Ids that
//     are no times do not fit: then the numbering has no name, and the messages no
//     numbers (TestRedisStreamNumbers).
//
// # Probing
//
// [Probe] makes one connection, with connect as Run does, and tells each step of
// it: it puts itself and its hooks for the HTTP client into the context, where a
// driver finds it (probing). Without a probe the same calls do nothing.
//
// # Standard input
//
// stdin: takes a line a message, cut at LF and at nothing else: a CR belongs to
// the message, and an empty line is an empty message. A line longer than
// Config.MaxMessage is skipped and counted. A read that cannot be interrupted,
// such as a terminal's, may outlive Run in a goroutine that ends with that read;
// the next Feed on the same reader would lose that line.
//
// # Demo
//
// demo:?seed=1&rate=50 makes up a market of a few symbols, which trade and are
// quoted. Messages are JSON with "demo":true, so that nobody takes them for
// prices:
//
//	{"demo":true,"t":1700000000000000000,"seq":1,"symbol":"DEMO-KEA","type":"trade","side":"buy","price":42.11,"size":31}
//	{"demo":true,"t":…,"seq":2,"symbol":"DEMO-MOA","type":"quote","bid":61249.5,"bid_size":7,"ask":61250.0,"ask_size":120}
//
// "t" is the time they were made, in ns since 1970; seq counts all messages of a
// connection from 1; a price is a multiple of its symbol's tick and stays within
// a factor of 5 of the first. All but "t" is the same for the same seed and rate
// on one kind of processor. The symbol is the message's key.
//
// A trading day takes five minutes and is followed by the next. It opens and
// closes busily, is quiet at noon, and has one to three bursts; rate, in
// messages a second, is the mean over a day (TestDemoKeepsItsRate,
// TestDemoDayHasARhythm). Prices have calm and wild times
// (TestDemoVolatilityClusters).
//
// # Recordings
//
// A recording is a file of lines, cut at LF and at nothing else. It has two
// forms:
//
//   - headless: time TAB message. The line is cut at its first TAB, the message
//     is text. In a file whose name ends in .b64.txt the message is binary, in
//     base64.
//   - headed: the first line is "#fantail 1", and a line is time TAB kind TAB
//     message. The kind is t (text), b64t (text in base64, because it has line
//     breaks) or b64 (binary in base64). [Recorder] writes this form. A last
//     line without its LF was cut short and is an error.
//
// The time is the receive time in ns since 1970. [Pace] turns times into waits.
// A message that ended in CR LF on the wire and was put into a headless file
// has lost both: what is read is what the line holds.
//
// replay:FILE?speed=N&loop=1 plays one. FILE is taken as it stands, without
// escapes, so it cannot hold a "?". A recording without times is as fast as it
// goes, in a loop too.
package feed
