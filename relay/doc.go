// Package relay is the face of the feed: WebSocket for clients, health checks,
// and metrics, client list and profiles for operators. It knows no source; it
// turns HTTP requests into clients of a [hub.Hub].
//
// Paths of Handler:
//
//	/ws, or an upgrade on /   the source's messages byte for byte; envelopes with
//	                          the subprotocol fantail.v1
//	/sse                      Server-Sent Events, resuming by Last-Event-ID
//	/stream                   envelopes as lines
//	/push                     messages for the source push:, with a token
//	/snapshot                 the newest message of each key, as lines
//	/                         a page that shows them, for people
//	/healthz                  the process serves
//	/readyz                   new clients should come here; ?source is strict
//
// Paths of Admin: /metrics, /clients, /debug/pprof/, and the health checks.
//
// The query may say where to begin (since=<position>, last=<n> or snapshot=1),
// what is wanted (key=<k>, repeatable, a trailing * is a prefix) and what becomes
// of a slow client (policy=evict, skip or conflate). What is unknown, malformed or
// contradicts itself is refused with 400 and a sentence that names it. A position
// that is no longer held is told as a gap where the format has notices; a raw
// WebSocket is accepted and closed with 4410, since a browser cannot see the
// status of a refused upgrade. The oldest= in its reason is where to resume for
// all that is held; while the feed runs on a full ring that is gone within
// moments, so who does not want everything starts afresh, or with last=<n>, which
// keeps clear of what is about to be dropped.
//
// The response carries as Fantail-Position the position from which the client
// begins: resuming there gives it all that this connection does. With snapshot=1
// that is the one before the snapshot's first message, so that who resumes there
// gets the snapshot's messages and all between them, or is told that they are
// gone (TestSnapshotAndThenAStream). /snapshot ends, and carries the position
// behind it.
//
// Pages of allowed origins may read what /sse, /stream and /snapshot answer, the
// sentence of a refusal included (TestRefusalsForOtherOrigins).
//
// Of a hub whose positions are a backbone's, a position may be one that another
// relay told and this one has not reached: its handshake waits up to two seconds.
// If the source is away meanwhile it is refused with 503: neither gone nor held
// would be true (TestResumeAheadOfTheFeed, TestBehindIsRefused).
//
// A stream takes the connection over from the HTTP server and goes the way of
// every client: its chunks are shared by all of its lane, and its reader only
// notices the end. It has no pings; giveUpAfter has the kernel find dead peers.
//
// # Compression
//
// permessage-deflate (RFC 7692) with a context for each client would cost memory
// and processor time for each. Here each message is compressed once for all, with
// one context: deflater is the hub's codec, and its frames go to every client
// that wants everything and took the extension with context takeover. Their
// windows hold the same, since whoever is not on the stream gets plain frames, and
// plain frames do not enter a window: so do notices and control frames. Each epoch
// of the stream begins with an empty window (see package hub).
//
// Filtered clients get other messages than the rest, and those who negotiated
// server_no_context_takeover forget the last one: they get each message compressed
// for itself, which a pump does. That gains little below 256 bytes and would keep
// others waiting above 16 KiB, so messages outside that go plain, and so does history
// whose encodings the hub keeps no more. In the stream it is 8 bytes and 4 MiB, for
// everybody alike.
//
// compress/flate at level 6, by measurement: BenchmarkCompression. Faster
// compressors leave messages of some 120 bytes nearly as they are. The compressor
// rests within a large message, for as long again as it worked: plain clients beside
// messages of 709 kB then have the 99th percentile that they have without it, where
// yielding left them twice that (TestPlainClientsBesideLargeCompressedMessages).
//
// The handshake is ours (negotiate): the first offer that can be had is taken, with
// the whole window of 32 KiB and no context of the client's; what breaks the grammar
// is refused with 400. The library is shown only what was agreed on. Safari 15 says
// that it can and cannot; it is known by its User-Agent.
//
// # The library and our net.Conn
//
// The library does the handshake and reads; it writes only pongs and close
// frames, and closes. All three go through netConn to the hub's Client, which
// owns the write state: Write never blocks and always reports success, because a
// pong that stalls makes the library close the connection; Close is immediate.
// Pumps, sweep and hub never call the library.
//
// Close frames are ours: the library's own closing waits for silent peers and
// drops long reasons. What the library wants to close with only tells us the
// reason. Its answer to the peer's close frame is sent as it is. When a control
// frame cannot be read to its end the library closes from a goroutine of its own,
// which would be faster than the session's word of why: netConn.Close leaves that
// to the session (TestF3PingFlood), or ends what took 5 s (TestSlowControlFrame).
//
// The handler returns when the handshake is done, and a fresh goroutine, session,
// reads until the connection is closed. It ends every time in CloseNow, and is
// itself ended by the hub: by an eviction, a drain, or Hub.Close.
//
// # Limits on what a client sends
//
// The library bounds the size of a message. That does not stop floods of tiny
// frames, so netConn also bounds the bytes a second and the time of one message.
// A read and the answer to a ping count as 256 bytes at least, since what they
// cost is a system call each.
//
// # Uplink
//
// With UplinkForward a client's message goes to the source, as it is whatever the
// client's format. What UplinkAllow does not match never does: behind the relay
// all clients are one subscriber, and any of them could unsubscribe the others.
//
// Nothing is dropped silently. A message that is not taken ends its connection,
// with a word that says why, and nothing that the client sent behind it is taken:
// so what reached the source is a beginning of what the client sent, in order.
// What it sends once it is told to go, for whatever reason, is not taken either.
//
//	1008 uplink     UplinkAllow does not match it
//	1008 flood      the client sends more than UplinkRate, or not a whole message in 10 s
//	1009 too-large  it is longer than UplinkMaxMessage
//	1007 not-utf8   it is text, and not UTF-8 (RFC 6455 section 8.1)
//	1013 busy       the source is away or slow, or no memory is left for it: later
//
// While Forward waits, the client's reader does: its next messages stay in its
// socket, and it gets the feed as ever (TestUplinkHoldsUpNobodyElse). A message is
// read whole into a buffer that grows with what comes, and is gone with the
// message; all buffers together hold 16 MiB at most, or four of the longest
// messages (TestUplinkMemoryIsBounded). So a client that sends nothing costs what
// it did (TestUplinkIdleSessionIsSmall).
//
// # Who may connect
//
// The origin policy is for browsers: it keeps pages of other sites from reading
// the feed with a visitor's address and network, and, where the uplink forwards,
// from sending with them. Browsers let any page open a WebSocket to anywhere
// (cross-site WebSocket hijacking), so AllowedOrigins should then name the pages
// that may send, never "*". A program sends no Origin, or any that it likes. The same origin is the one that equals the request's Host, and
// Host is what the browser was told: a page whose own name is made to resolve to
// the relay's address (DNS rebinding) is of the same origin. Against that helps
// TLS, since no such name is in the certificate, or a proxy that passes its own
// host names only. The relay keeps no list of its names: it cannot know under
// which of them proxies and networks reach it.
//
// The limits on clients, in all and for an address, count from the request: only
// then is the address known, which may be in a proxy's header. Before that it is
// the server that bounds a connection, by its time for headers, their size, and
// no keep-alive. That suffices: clients are unharmed, and new ones are served
// (TestH1Dribblers in cmd/fantail) unless a crowd takes every descriptor that the
// limit on clients leaves free; then accepting goes on as fast as the crowd times
// out (TestL3DescriptorsRunOut). Who must withstand that counts connections where
// they cost least, in a firewall.
//
// # The page
//
// The page is one document with its style and script in it, and loads nothing.
// It is a client of /ws like any other. Messages are hostile there: they become
// text nodes only, and the Content-Security-Policy lets nothing run but the
// script itself (TestPagePolicyMatchesItsContent, TestPageShowsHostileMessages in
// cmd/fantail). It counts every message and shows at most 60 a second, in 100
// rows; what it holds of one message is bounded. Its connection is the JavaScript
// client of examples/client, of which page/fantail.js is a copy (a test there
// holds the two together): envelopes, so that a lost connection is resumed
// behind the last message and a gap is told.
//
// # Push
//
// POST /push takes one message, or one a line (application/x-ndjson), hands them
// to Config.Push and answers 202 when they are taken: all of a request or none.
// The token is compared in constant time, before the body is read; few bodies are
// in memory at once. 503 with Retry-After says that the feed does not keep up.
//
// # Decisions
//
//   - A frame that is not masked, and all else that breaks RFC 6455 without the
//     library sending a close frame, is answered with 1002 by us.
//   - A client reaped for its silence is told 4408 like a slow one, in case it
//     still listens; the log and the metrics say silent.
package relay
