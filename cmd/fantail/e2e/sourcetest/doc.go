// Package sourcetest plays the servers of real feeds for tests: exchanges, chats and event
// streams. Each follows the public description of its protocol and is as strict as its
// operator says. The examples of sources are tested against it.
//
// It owns one engine ([Server]) and one table for each feed ([Protocol]). It knows no
// relay and reads no configuration. It opens no connection; it serves the connections
// that it is given.
//
// # What a server does
//
// It checks the path, the query and the headers of the handshake, and greets. It wants
// the subscription in the right order and within the allowed time. It sends messages, and
// between them frames that are not for clients: heartbeats, pings that want an answer,
// acknowledgements. It ends a session as that feed does, or cuts it.
//
// A subscriber breaks a rule by a frame that the feed does not know or not yet, a missing
// pong, a silence, or too many frames or connections. Then the server cuts it and keeps
// the breach ([Server.Breaches]). TestBreaches shows that every rule is enforced. The
// server agrees on no extension, so messages are not compressed, even if the real feed
// compresses them.
//
// # What must be relayed
//
// The server knows which messages a relay must have relayed ([Server.Sent]): each message
// that it sent to a subscriber, once and in order. One frame may hold several. Everything
// else that it sends is protocol, and not for clients.
//
// # Time
//
// The engine uses package time and shortens no interval. In a synctest bubble, ten minutes
// or a day take only the time of the work in them. Over real sockets the clock is the
// real one.
//
// # Goroutines
//
// Each session has two: one reads frames, and one acts and owns the session's state. One
// more goroutine broadcasts to all sessions. Close ends them all.
package sourcetest
