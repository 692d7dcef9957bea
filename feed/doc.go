// Package feed turns a source into messages: drivers by URL scheme, and the
// supervision that brings a lost source back, of one source or of several. It
// owns what a source sees: one connection, what is sent over it, and when it is
// tried again.
//
// It refuses to know clients, the ring or HTTP handlers, reads no variables of
// its own (net/http's proxy variables excepted), and changes no message: what
// the source sent is published byte for byte, or counted as dropped. Errors
// name the FANTAIL_ variables, since that is what their reader can change.
//
// # The road of a message
//
//	driver.open -> stream.next -> split -> rules -> cursor -> id -> relay -> publish -> Publisher.Publish
//
// Each stage between driver and relay is a stream around a stream, in a file of
// its own (split.go, converse.go, cursor.go, identify.go), and is left out where
// nothing asks for it. They work for every kind of source; only sending needs a
// stream that is a sender.
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
//   - There is one connection at most, unless Config.Overlap asks for two; the
//     next is opened after the last is closed (TestU2FlappingIsNoHotLoop).
//   - A lost source is tried again at once, then after waits drawn evenly
//     between 0 and a bound that doubles from 0.5 s to 30 s: full jitter.
//   - The waits start over once a connection that is 10 s old delivers a
//     message. One that greets and drops has not recovered, and a feed that
//     says nothing may wait a little longer than it had to
//     (TestBackOffStartsOverOnceDataFlowed).
//   - An outage runs from the loss of the connection, or from the first failure
//     after the start, until a connection is open again. It does not wait for
//     a message: quiet feeds are legal. Its end is one log line. What the
//     source sent meanwhile is lost, and nobody can know what it was, unless the
//     source is a broker that keeps it.
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
// # What real feeds need
//
// Config.Split makes several messages of one: lines, without their LF or CR LF and
// without empty ones; or the elements of a JSON array, byte for byte as they stand
// there. What is no array or not JSON to its end is relayed whole, and so is what
// would be more than 65,536 messages, and what is binary. What holds no message is
// counted as dropped (empty).
//
// Config.Rules answer what is part of the protocol (rule.go, converse.go). Each
// message, after splitting, is held against them, and the first that matches
// counts:
//
//   - A matching message is not relayed, as it is not the feed's, unless the rule
//     says relay. It is counted as dropped (rule).
//   - A reply is sent as a template says, in which $1 or ${name} stands for what a
//     group holds, byte for byte. Within JSON that is right for what was a JSON
//     string's content before.
//   - reconnect ends the connection, and the next is tried as after any loss.
//   - fatal ends it, is logged as an error with the beginning of the message, sets
//     Stats.Alarm, and leaves the source alone for five minutes or a little more.
//     The alarm ends when a connection that is 10 s old delivers a message
//     (TestFatalAnswerIsAnAlarm).
//   - The cost of a rule grows with the message. One that starts with ^ ends soon,
//     and does not match what people merely say.
//
// All that is sent goes through the outbox of the connection, which one goroutine
// writes: what Config.Send says, then replies and text pings as they come. 256
// frames may wait; a reply that finds no room is not sent, counted, and warned of
// (TestRepliesBeyondTheRoomAreCounted). Reading waits for none of it, but for a
// second at the opening. Config.SendRate spaces all frames of a source evenly, over
// all its connections. Pings, pongs and close frames, which the WebSocket library
// writes, go at once and hold up what comes after them (TestSendRateHolds), 16 of
// them at most, as the rate outlives the connection: a pong
// that waits would end the connection, and Binance, for one, counts pongs.
//
// Config.ID drops copies. Where it names a part of the message, a message whose
// name was published before is a copy, however it came. By "hash", equal messages
// of one connection are two messages, and only another connection's can be
// copies (dedupe.go). 65,536 messages are remembered. A message without a name is
// relayed (TestU4RepeatsAndReorders). By hash, what always reads the same, such as
// a heartbeat, may be taken for a copy at the start of a connection.
//
// Config.Cursor keeps the last value of a path, for {cursor} in the URL. Query
// parameters with it are left out while there is none. {cursor-5000000} is that much
// less, for a source whose order is not quite that of its cursor; what it then
// repeats is for Config.ID to drop (TestCursorResumes).
//
// Config.MaxAge replaces a connection before the source ends it. That is a short
// outage like any other, logged as information. With Config.Overlap it is none: the
// next connection is opened first, and a handover joins the two
// (TestOverlapLosesAndRepeatsNothing):
//
//   - The old connection goes on, and what the new one brings is held back, until
//     both have brought the same message. What the new one began with, such as
//     an answer to its subscription or a snapshot, is then behind the feed and
//     dropped (overlap).
//   - For three seconds more both are read, and the first copy counts. Then the old
//     one is left.
//   - If no message shows for ten seconds that both bring the same, as in a quiet
//     feed, the new one takes over as it stands.
//   - A new connection that cannot be opened is tried again with back-off while the
//     old one goes on. An old one that is lost before the handover is told as an
//     outage.
//   - Config.Cursor, Config.Resume and http sources exclude it (TestOverlapIsRefused):
//     where they go on is behind what was read, and a handover may drop that.
//   - Each connection is then read by a goroutine of its own, which lends Run's one
//     message at a time and reads on when it is given back.
//
// A refused handshake's Retry-After is honoured with 429 and 503, up to five
// minutes, and a quarter more at random.
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
//   - Ten seconds bound the opening as a whole. Frames of Config.Send that a
//     Config.SendRate holds up for more than a second are sent behind it. What to send and the headers are evaluated at each connect; a file that
//     cannot be read is a failure like any other, since files are replaced.
//   - Redirects are not followed: the headers may hold secrets. The log says
//     where the redirect points.
//   - If subprotocols are configured the source must choose one, as browsers
//     demand too.
//   - Config.Ping is the interval of pings and the deadline of each pong. Any
//     byte that arrives meanwhile is a sign of life (TestWSBytesAreASignOfLife),
//     so a silent connection is noticed within two intervals. With NoPing only
//     Config.IdleTimeout notices it.
//   - The end of Run sends a close frame with 1000 and waits at most a second for
//     the answer (TestWSDeafSourceDoesNotHoldUpTheEnd). What arrives in that
//     second is not published.
//   - Two habits of the library are made good: it takes a message that the end of
//     the connection cuts short for a whole one (TestWSCutMessageIsNotPublished),
//     and panics at a close frame inside a compressed message
//     (TestWSCloseInsideMessage).
//
// # The way back
//
// With Config.Uplink a message may be sent to the source, by Send. What waits
// for that stands in one queue of 256 messages, from which each open connection
// takes when it has nothing of its own to say. So a message is sent once, by the
// least busy of several connections; it waits out a reconnect; and the two
// seconds that it may wait bound how long its sender is held up
// (TestUplinkWaits). A sender that gives up takes its message back, which is then
// never sent (TestSendHammer). Nothing of it touches the reading of the feed
// (TestSendToADeafSource). One sender's messages keep their order over one
// connection; over several at once a source may see them in another.
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
// # HTTP
//
// An http or https source answers a GET with a stream, which its content type
// names: text/event-stream (WHATWG HTML, section 9.2) or NDJSON. application/json
// counts as NDJSON if the answer has no length, as many services call theirs so.
//
//   - An event is a message, and its type, unless it is the default, its key. A
//     line of NDJSON is a message, without its line end: LF or CR LF.
//   - The id of the last whole event is sent back as Last-Event-ID, so nothing is
//     lost or comes twice while the source keeps history (TestHTTPResumes). A source
//     that refuses it with 400, 410, 412 or 416 is asked for its live feed next.
//     An id that no header can hold, or longer than 1 KiB, is none.
//   - retry: bounds the wait before the next connection from below, up to 30 s,
//     and so does Retry-After of a 429 or 503, up to 5 minutes; up to a quarter
//     is added, so that relays do not come back together. 204, by which the
//     standard asks clients to stay away, is tried again after 5 minutes: a relay
//     that gives up for ever is of no use.
//   - An event or a line of more than Config.MaxMessage is dropped and counted, and
//     the connection goes on: resumed, it would come again. One without an end is
//     given up some four times later, with ReasonTooLarge. Compressed answers are
//     inflated as they come, so a bomb meets the same bounds (TestU3HTTPBomb).
//   - Comments and empty lines are signs of life: they are no messages, but
//     Config.IdleTimeout waits for either (TestU1HTTPWatchdog). There is no ping in
//     HTTP/1.1, so that is what notices a source that fell silent; HTTP/2 has one,
//     every Config.Ping.
//   - Redirects are not followed, and the opening has ten seconds, as above.
//   - Nothing can be sent: Config.Send is left out.
//   - An answer with a Fantail-Position is a relay's. Its envelopes (/stream) are
//     opened, with their keys; of its events (/sse), those of type notice are
//     told to Config.RelayNotice, and those of type base64 are decoded: to text if
//     that is UTF-8 with a CR in it, else to binary. So /stream gives every message
//     back as it was; /sse does but for a binary message that looks like such a
//     text, and without keys. Notices count as signs of life.
//
// # Several sources
//
// Config.URL may name several. Each is a source with supervision, stages and
// figures of its own; a combination makes one feed of them:
//
//	source 0 -> port -\
//	source 1 -> port --> combination.run -> policy -> Publisher.Publish
//
// A port hands over one message and waits until it was taken in. So nothing
// queues up between a socket and the ring, one goroutine publishes, and a source
// whose messages are not wanted is not read ahead. One source alone has no
// combination: it publishes by itself.
//
//	combination's fields    its run, but for figures, which mu guards
//	a source's fields       its run, one at a time; its meter is for any goroutine
//	a source's goroutine    ends with its context, which stop and Run's end cancel;
//	                        run returns when all have
//
// The source counts as lost when none is connected, and Config.Notify is told of
// that alone. At the start each source has the time of one attempt. A source that
// has ended for good leaves the others; Run ends with the last, and only then
// returns what was wrong with any.
//
// Failover has one source at a time. The preferred one is the first by Config.Host
// (spread): hosts spread evenly, and those whose names end in a number, as replicas'
// do, take turns. When it fails the next one that is not backing off is tried at
// once. After Config.Failback, up to twice as long at random, the preferred one is
// connected beside the stand-in, and takes over with its first message, or after
// 10 s if both are quiet; if only the stand-in speaks, it stays; Notify is told of an outage of no length, since messages
// may be missing or come twice. If the trial fails the next one comes after as
// long again (TestFailoverWithoutStampede). A source that takes over from another
// begins live, without the position where it stood before: the others brought what
// it missed.
//
// Race has all at once. With Config.Seq the arbiter orders their numbers: each
// number once, in order, as long as any source has it within Config.GapWait
// (TestRaceFillsGaps, TestArbiterModel). Numbers have to rise by one: with wider
// steps each message waits that long. A missing number is counted, not told: no
// source brought it. A message without a number, such as the answer to a
// subscription, is published when the first source brings it. Numbers that are
// lower than the feed's are copies; but if nothing else comes for 2 s, a numbering
// has begun anew, and what came of it meanwhile is published. What a source has
// not reached before is no sign of that: it lags, and its bytes may differ. A source that
// sends old messages when it connects should therefore send the same bytes as
// before: of the last 8192 that is recognised.
//
// Without Config.Seq the first copy is published, as Config.ID recognises it, or
// among equal messages by their count over each connection. No more is promised:
// the order is that of arrival, and of equal messages one may be lost, or come
// twice, around the loss of a connection.
//
// Merge has all at once and publishes everything, but for copies that Config.ID
// recognises. Notices of a relay that is a source are passed on from the active
// source, and from merged ones; in a race, where another source may have what one
// lacks, from none.
//
// # Brokers
//
//	redis://h:6379/0?subscribe=a            channels, repeatable; rediss is TLS
//	redis://h?psubscribe=p*                 patterns, repeatable
//	redis://h?stream=s&from=$               a stream; from is $ (new), 0 (all) or an id
//	nats://h:4222?subject=x.>               subjects, repeatable; tls+nats is TLS
//	nats://h?stream=S&subject=x.>&from=new  JetStream; from is new, all or a sequence
//	amqp://h:5672/vhost?exchange=x&bind=k   an exchange, bind repeatable; amqps is TLS
//	amqp://h?exchange=x&type=topic          the same, made durable if it is missing
//
// publish=name in any of them is where clients' messages go with Config.Uplink: a
// channel, for a stream of Redis another or the same stream, a subject, a routing
// key of the exchange.
//
// User and password, or a token of NATS, stand before the host. Channel, subject
// and routing key are the message's key; a stream of Redis has its own name as
// key. Valid UTF-8 is text, everything else binary. Several channels or patterns
// that match the same message bring it several times, as the broker does.
//
//   - Supervision is ours: each connection is one line (dialLine) below the
//     broker's library, whose own reconnecting is off or finds that line closed.
//     A broker is tried again at least every 1.5 s, so that the relay is back
//     within two seconds of it (TestB1BrokerKilled in cmd/fantail).
//   - An open broker has granted what was asked for: a wrong password, a missing
//     stream, a forbidden channel are failures of the opening.
//   - Any byte is a sign of life. After Config.Ping without one the broker is
//     asked for it, or has to speak by itself; after another, the line is closed
//     (lifeline; TestRedisHangs).
//   - Streams of Redis and JetStream are resumed behind the last message that was
//     taken, so nothing is lost or repeated while the broker keeps it
//     (TestRedisKilledUnderLoad). A stream that was trimmed meanwhile, lost its
//     end or was made anew is a log line with the number that is missing, if it
//     is known (lapse). A stream that is missing is read from its first message
//     once it is there.
//   - Channels, subjects and exchanges have no history: what was published during
//     an outage is lost, and the outage is told.
//   - An entry of Redis with one field is that field's value; one with several is
//     a JSON object of them, in their order.
//   - AMQP has a queue for each relay, exclusive and named by the broker, which
//     ends with the connection. Without bind it is bound with #: all of a topic or
//     fanout exchange. Messages are acknowledged once they were taken, which is
//     what bounds the library's queue.
//   - NATS reads ahead of us at most a window of 512 KiB, then TCP holds the
//     broker back. The library alone would drop what does not fit its queue
//     (TestNATSFloodIsNotDropped).
//   - What is published is answered for by the broker before Send returns: Redis
//     replies, NATS answers a flush, AMQP confirms. To Redis and AMQP it goes over
//     a connection of its own, which fails alone (TestRedisPublishing): a client
//     of Redis that subscribes takes no other command, and RabbitMQ stops reading
//     from who publishes when it is short of memory. To a stream of Redis it is
//     added as the field data; the stream is for its operator to trim.
//   - A message longer than Config.MaxMessage is dropped and counted. It was in
//     memory by then: it is the broker's own limit that bounds it
//     (proto-max-bulk-len, max_payload, max_message_size).
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
//   - With Config.Split, parts of one message would share a number, and of several
//     sources each has numbers of its own: Config.Number is told nothing then
//     ([Config.Numbered]).
//
// # Demand
//
// In subscribe=user:{key}, subject=user.{key} and bind=user.{key} the place of
// {key} is taken by the keys that clients ask for, and by nothing else: the broker
// has a subscriber for user:alice from when the first client of this relay asks
// for the key alice until the last one is gone ([Demand]). Such a message's key is
// what stands in that place. It takes a trip to the broker until a client's
// channel is subscribed: what is published before that is not received. After a
// reconnect all that is wanted is subscribed before the source counts as back.
// Prefixes and clients without keys make no demand. A key that is a wildcard to
// the broker has no channel (TestKeysAreNoWildcards). The user of the URL must be
// allowed all channels that the template can name, since any client can name a
// key: one that NATS refuses is a log line, and the others go on
// (TestForbiddenKeyOfNATS), but Redis and an AMQP broker with topic permissions
// refuse with it the whole connection, and the source is away for as long as
// somebody wants that key. There is one reader of a Demand, so that several
// sources have none.
//
// Ownership: a stream's next belongs to Run; follow, a goroutine of the stream,
// subscribes and unsubscribes on the same connection, which all three libraries
// allow, and ends with the stream.
//
// # Push
//
// push: has no connection. [Feed.Push] hands it messages, in their order and all
// or none, and never waits: what does not fit the queue is refused, and whoever
// sent it is to send it again. What was taken is published, though a rule ends the
// connection meanwhile. Among several sources it takes Merge, which reads all.
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
