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
// status of a refused upgrade. The response carries the starting position as
// Fantail-Position.
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
// # Who may connect
//
// The origin policy is for browsers: it keeps pages of other sites from reading
// the feed with a visitor's address and network. A program sends no Origin, or any
// that it likes. The same origin is the one that equals the request's Host, and
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
// # Decisions
//
//   - A frame that is not masked, and all else that breaks RFC 6455 without the
//     library sending a close frame, is answered with 1002 by us.
//   - A client reaped for its silence is told 4408 like a slow one, in case it
//     still listens; the log and the metrics say silent.
package relay
