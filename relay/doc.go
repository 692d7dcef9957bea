// Package relay serves a feed over HTTP: WebSocket, Server-Sent Events and lines for
// clients; health checks, metrics, a client list and profiles for operators. It turns
// requests into clients of a [hub.Hub]. It knows no source, and it reads no
// environment.
//
// Paths of Handler:
//
//	/ws, or an upgrade on /   the source's messages byte for byte; envelopes with
//	                          the subprotocol fantail.v1
//	/sse                      Server-Sent Events, which resume by Last-Event-ID
//	/stream                   envelopes as lines
//	/push                     takes messages for the source push:, with a token
//	/snapshot                 the newest message of each key, as lines
//	/                         a page for people that shows the messages
//	/healthz                  the process serves requests
//	/readyz                   new clients should come here; ?source is strict
//
// Paths of Admin: /metrics, /clients, /debug/pprof/, and the health checks.
//
// # The road of a client
//
// Every client of /ws, /sse and /stream walks one road (serveClient), each step once:
//
//	parse       the request becomes one value: format, extensions, query,
//	            Last-Event-ID, origin, address
//	            (identify: nobody is asked who they are yet)
//	decide      rules grant it or refuse it; pure
//	reserve     a turn among the handshakes, a seat, a lane
//	awaitStart  where the client begins; waits if a position may soon be reached
//	takeOver    the connection is taken from the HTTP server, and answered
//	join        the hub has a client
//	read        a fresh goroutine reads until the connection ends
//
// What a step has reserved is given back in one place. Only parse and takeOver differ
// between transports (webSocket, stream). The step that identifies a client will be
// package relay/access below this one: types and decisions only, which know no request
// and no hub. It will stand between parse and decide.
//
// A new query parameter is a case of query.set, a rule about it is in rules.decide. A
// new reason to refuse is a row of refusalRows. A new close code is a case of
// closeCode. A new metric is a row in one of the metrics files.
//
// The query may say where to begin (since=<position>, last=<n> or snapshot=1), what is
// wanted (key=<k>, repeatable, a trailing * is a prefix) and what happens if the client
// is slow (policy=evict, skip or conflate). Anything unknown, malformed or
// contradictory is refused with 400 and a sentence that names it. If a position is no
// longer held, a format with notices tells a gap. A raw WebSocket is accepted and
// closed with 4410, since a browser cannot see the status of a refused upgrade. The
// oldest= in its reason is where to resume for everything that is held. While the feed
// runs on a full ring, that position is gone within moments. So a client that does not
// need everything starts live, or with last=<n>, which avoids what is about to be
// dropped.
//
// The response carries as Fantail-Position the position at which the client begins: a
// client that resumes there gets everything that this connection does. With snapshot=1
// it is the position before the snapshot's first message, so a client that resumes
// there gets the snapshot's messages and everything between them, or is told that they
// are gone (TestSnapshotAndThenAStream). /snapshot ends, and carries the position after
// it.
//
// Pages of allowed origins may read the answers of /sse, /stream and /snapshot, the
// sentence of a refusal included (TestRefusalsForOtherOrigins).
//
// If a hub's positions are those of a backbone, another relay may have told a position
// that this one has not reached: then the handshake waits up to two seconds. If the
// source is away meanwhile, the handshake is refused with 503, because neither "gone"
// nor "held" would be true (TestResumeAheadOfTheFeed, TestBehindIsRefused).
//
// A stream takes the connection from the HTTP server and is then a client like any
// other: all clients of its lane share its chunks, and its reader only notices the end.
// It has no pings; giveUpAfter makes the kernel find dead peers.
//
// # Compression
//
// permessage-deflate (RFC 7692) with a context for each client would cost memory and
// processor time for each client. Here each message is compressed once for all clients,
// with one context. deflater is the hub's codec. Its frames go to every client that
// wants everything and accepted the extension with context takeover. The windows of
// these clients hold the same, because a client that is not on the stream gets plain
// frames, and plain frames do not enter a window; neither do notices and control
// frames. Each epoch of the stream begins with an empty window (see package hub).
//
// Filtered clients get other messages than the rest, and clients that negotiated
// server_no_context_takeover forget the last message. They get each message compressed
// by itself, which a pump does. That gains little below 256 bytes, and would make other
// clients wait above 16 KiB. So messages outside these bounds go plain, and so does
// history whose encodings the hub no longer keeps. In the stream the bounds are 8 bytes
// and 4 MiB, for all clients alike.
//
// compress/flate runs at level 6, chosen by BenchmarkCompression: faster compressors
// leave messages of some 120 bytes nearly as they are. The compressor rests within a
// large message, as sharedTurn and sharedRest say, so that plain clients do not wait
// for it (TestPlainClientsBesideLargeCompressedMessages).
//
// The relay negotiates the extension itself (negotiate). It takes the first offer that
// it can accept, with the whole window of 32 KiB and no context of the client's. A
// header that breaks the grammar is refused with 400. The library sees only what was
// agreed on. Safari 15 offers compression and fails at it; it is known by its
// User-Agent.
//
// # The library and our net.Conn
//
// The library performs the handshake and reads. It writes only pongs and close frames,
// and it closes. All three go through netConn to the hub's Client, which owns the write
// state. Write never blocks and always reports success, because the library closes the
// connection when a pong stalls. Close returns at once. Pumps, sweep and hub never call
// the library.
//
// Close frames are ours, because the library's own closing waits for silent peers and
// drops long reasons. If the library wants to close, that only tells us the reason. Its
// answer to the peer's close frame is sent as it is. When a control frame cannot be
// read to its end, the library closes from a goroutine of its own, which could be
// faster than the session's reason. So netConn.Close leaves that to the session
// (TestF3PingFlood), or ends a frame that took 5 s (TestSlowControlFrame).
//
// The handler returns when the handshake is done. A fresh goroutine reads until the
// connection is closed. For a WebSocket it always ends in CloseNow. The hub ends it, by
// an eviction, a drain, or Hub.Close.
//
// # Limits on what a client sends
//
// The library bounds the size of a message. That does not stop floods of tiny frames,
// so netConn also bounds the bytes a second and the time of one message. A read, and
// the answer to a ping, count 256 bytes at least, because each costs a system call.
//
// # Uplink
//
// With UplinkForward a client's message goes to the source as it is, whatever the
// client's format. A message that Uplink.Allow does not match never goes there: all
// clients together are one subscriber at the source, and any of them could unsubscribe
// the others.
//
// Nothing is dropped silently. A message that is not taken ends its connection with a
// word that says why, and no later message of that client is taken. So the source gets
// a beginning of what the client sent, in order. Messages of a client that is leaving,
// for any reason, are not taken either.
//
//	1008 uplink     Uplink.Allow does not match the message
//	1008 flood      the client sends more than Uplink.Rate, or takes over 10 s for a message
//	1009 too-large  the message is longer than Uplink.MaxMessage
//	1007 not-utf8   the message is text and not UTF-8 (RFC 6455 section 8.1)
//	1013 busy       the source is away or slow, or there is no memory for it: try later
//
// While Forward waits, the client's reader waits: its next messages stay in its socket,
// and it goes on getting the feed (TestUplinkHoldsUpNobodyElse). A message is read
// whole into a buffer that grows with what comes, and goes with the message. All
// buffers together hold 16 MiB at most, or four of the longest messages
// (TestUplinkMemoryIsBounded). A client that sends nothing costs no buffer
// (TestUplinkIdleSessionIsSmall).
//
// # Who may connect
//
// The origin policy is for browsers. It keeps pages of other sites from reading the
// feed with a visitor's address and network and, if the uplink forwards, from sending
// with them. Browsers let any page open a WebSocket to anywhere (cross-site WebSocket
// hijacking). So Access.AllowedOrigins should name the pages that may send, never "*".
// A program sends no Origin, or any that it likes.
//
// The same origin is the one that equals the request's Host, and Host is the name that
// the browser was told. A page whose own name is made to resolve to the relay's address
// (DNS rebinding) has the same origin. TLS helps against that, because no such name is
// in the certificate; so does a proxy that passes its own host names only. The relay
// keeps no list of its names: it cannot know under which names proxies and networks
// reach it.
//
// The limits on clients, in all and for an address, count from the request, because
// only then is the address known: it may be in a proxy's header. Before that the server
// bounds a connection by its time for headers, their size, and no keep-alive. That
// suffices: clients are unharmed, and new ones are served (TestH1Dribblers in
// cmd/fantail/e2e), unless a crowd takes every descriptor that the limit on clients
// leaves free. Then accepting goes on as fast as the crowd times out
// (TestL3DescriptorsRunOut in cmd/fantail/e2e). To withstand that, count connections
// where they cost least, in a firewall.
//
// # The page
//
// The page is one document with its style and script in it, and loads nothing. It is a
// client of /ws like any other. It treats messages as hostile: they become text nodes
// only, and the Content-Security-Policy lets nothing run but the script itself
// (TestPagePolicyMatchesItsContent, and TestPageShowsHostileMessages in
// cmd/fantail/e2e). It counts every message and shows at most 60 a second, in 100 rows,
// and it holds a bounded part of each message. Its connection is the JavaScript client
// of examples/client, of which page/fantail.js is a copy (a test there compares the
// two). It asks for envelopes, so that it resumes a lost connection after the last
// message and tells a gap.
//
// # Push
//
// POST /push takes one message, or one a line (application/x-ndjson). It gives them to
// Push.Take and answers 202 when they are taken: all of a request or none. The token is
// compared in constant time, before the body is read. Few bodies are in memory at once.
// 503 with Retry-After says that the feed cannot take more now.
//
// # Decisions
//
//   - A frame that is not masked, and anything else that breaks RFC 6455 without the
//     library sending a close frame, is answered with 1002 by us.
//   - A client that is closed for its silence is told 4408 like a slow one, in case it
//     still listens. The log and the metrics say silent.
//   - The package has more than thirty files because the steps of one road use them
//     all. Parts that can stand alone stand below it, as package access will.
package relay
