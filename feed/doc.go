// Package feed brings the messages of sources to a hub. It owns the choice of a driver by URL
// scheme, the supervision that brings a lost source back, and the policies that make one feed
// of several sources.
//
// It refuses to know clients, the ring and HTTP handlers. It reads no environment variables
// of its own (net/http reads its proxy variables). It changes no message: what the source
// sent is published byte for byte, or counted as dropped. Errors name the setting to change;
// Config.Names translates the fields of Config into the program's own names
// (TestNamesInTheLog).
//
// # The rooms
//
//	feed ──▶ ws httpstream redis nats amqp recording demo stdin push · renew · stage · arbiter
//	redis, nats, amqp ──▶ internal/broker
//	all drivers ──▶ driver ──▶ hub
//
// Each driver describes its URL and its promises in its own doc.go. Package stage describes
// what is done to each message, package renew overlapping connections, and package driver the
// contract. The table of schemes (schemes.go) is the only place that knows the names of
// schemes (TestSchemesStandInTheTableAlone):
//
//	ws: wss:                    feed/ws           WebSocket, and relays over it
//	http: https:                feed/httpstream   Server-Sent Events and NDJSON
//	redis: rediss:              feed/redis        channels and streams of Redis
//	nats: tls+nats:             feed/nats         subjects and JetStream
//	amqp: amqps:                feed/amqp         exchanges of AMQP 0-9-1
//	replay:                     feed/recording    recordings
//	stdin:                      feed/stdin        standard input
//	demo:                       feed/demo         a market that is made up
//	push:                       feed/push         messages from Feed.Push
//
// A new kind of source is one folder and one row in that table. Package driver lists the
// steps.
//
// # The road of a message
//
//	Open -> Next -> split -> rules -> cursor -> copies -> publish -> Publisher.Publish
//
// One goroutine, Run's, takes messages from the stream and publishes them. The stream uses its
// buffer again for the next message, and Publish copies. So no queue builds up here, and a hub
// that never blocks keeps the source's socket empty. publish is the one gate to the hub. It
// cuts out the key, and drops text that is not UTF-8 (TestU3NotUTF8IsDropped), because the
// WebSocket library does not check it and clients would close their connections over it.
//
// # Supervision
//
//   - At most one connection is open, unless Renewal.Overlap asks for two. The next one is
//     opened after the last one is closed (TestU2FlappingIsNoHotLoop).
//   - A lost source is tried again at once (TestU2ReconnectAtOnceThenBackOff). Later waits are
//     drawn evenly between 0 and a bound that doubles from 0.5 s to 30 s (full jitter, package
//     internal/retry). A broker's bound is lower.
//   - The waits start over once a connection that is 10 s old delivers a message. A source
//     that greets and drops has not recovered (TestBackOffStartsOverOnceDataFlowed).
//   - An outage runs from the loss of the connection, or from the first failure after the
//     start (TestOutageCountsFromAFailedStart), until a connection is open again. It does not
//     wait for a message, because quiet feeds are legal. Its end is one log line
//     (TestOutageIsAnInterval). What the source sent in an outage is lost and its number is
//     unknown, unless the source keeps a history.
//   - Dialling.IdleTimeout ends a connection without messages (TestU1WatchdogReconnects). It
//     applies only to remote sources, because reconnecting does not help a recording, stdin or
//     the demo.
//   - A stream ends in one of three ways. A driver.Failure is counted by its Reason and tried
//     again. io.EOF ends Run with nil, because the source has ended for good. Any other error
//     ends Run with that error, for example a broken line of a recording: it would be broken
//     the next time too, and the messages before it would be published twice (TestRunEnds).
//   - Events.Notify is told of an outage once when it begins and once when it ends. It is not
//     told of the first connection, but it is told of a source that cannot be reached at the
//     start, and of one that has ended for good. The end of Run is no outage (TestNotify).
//   - A fatal answer sets Stats.Alarm. A connection that is 10 s old ends the alarm with a
//     message (TestFatalAnswerIsAnAlarm).
//   - Renewal.MaxAge replaces a connection before the source ends it. Without Overlap this is
//     a short outage, logged as information (TestMaxAgeReconnectsAtOnce). Messages.Cursor,
//     Dialling.Resume, http sources and brokers exclude Overlap (TestOverlapIsRefused): their
//     next connection begins behind what was read, and a handover may drop that.
//   - A source that asks for a wait gets it, and up to a quarter more at random.
//   - Logs, errors and Stats show the source's URL without user and password, and with *** for
//     what looks like a secret in its query and path (FuzzURL).
//
// # Several sources
//
// Sources.URL may name several sources. Each has supervision, stages and figures of its own. A
// combination makes one feed of them:
//
//	source 0 -> port -\
//	source 1 -> port --> combination.run -> policy -> Publisher.Publish
//
// A port hands over one message and waits until it was taken in. So no queue builds up between
// a socket and the ring, one goroutine publishes, and a source whose messages are not wanted is
// not read ahead. A single source has no combination and publishes by itself.
//
//	combination's fields    owned by its run, but mu guards the figures
//	a source's fields       owned by its run, one at a time; any goroutine may use its meter
//	a source's goroutine    ends with its context, which stop and the end of Run cancel;
//	                        run returns when all have ended
//
// The feed is away when no source is connected, and Events.Notify is told of that alone
// (TestSeveralTellClients). At the start each source has the time of one attempt
// (TestSeveralUnreachableAtTheStart). A source that has ended for good leaves the others. Run
// ends with the last one, and only then returns what was wrong with any (TestSeveralEnd).
//
// Failover reads one source at a time (TestFailoverPlays). Sources.Host chooses the preferred
// one, so that hosts spread evenly over the sources. Hosts whose names end in a number, such as
// replicas, take turns (TestSpread). When the active source fails, the next one that is not
// backing off is tried at once (TestFailoverWithinASecond). After Sources.Failback, up to twice
// as long at random, the preferred source is connected beside the stand-in
// (TestFailoverWithoutStampede). It takes over with its first message, or after 10 s if both are
// quiet (TestFailback). If only the stand-in speaks, the stand-in stays, and the next trial
// comes after as long again. A change is told as an outage of no length, because messages may be
// missing or come twice. A source that takes over begins live, not where it stood before,
// because the others brought what it missed.
//
// Race reads all sources at once. With Sources.Seq, package arbiter orders their numbers
// (TestRaceFillsGaps). A message without a number, such as the answer to a subscription, is
// published when the first source brings it. Without Sources.Seq the first copy of a message is
// published (TestRaceFirstCopyWins). Copies are recognised by Messages.ID, or else by counting
// equal messages over each connection. The order is then that of arrival. Of equal messages one
// may be lost, or come twice, around the loss of a connection.
//
// Merge reads all sources at once and publishes everything, except copies that Messages.ID
// recognises (TestMergeRelaysAll). push: among several sources needs it (TestPushAmongMerged).
//
// Notices of a relay are passed on from the active source, and from merged sources. In a race
// none is passed on, because another source may have what this one lacks.
//
// # Probing
//
// [Probe] makes one connection in the way in which Run does, and tells each step of it
// (TestProbeTellsEachStep). It puts a reporter and hooks for the HTTP client into the context.
// Without a probe the same calls do nothing.
package feed
