// Package sourcetest plays the servers of real feeds, for tests: exchanges, chats
// and event streams, each after the public description of its protocol, and each
// as strict as its operator says it is. The relay's examples are held against it.
//
// It owns one engine ([Server]) and one table a feed ([Protocol]). It is no
// client, knows no relay and reads no configuration; it opens no connection by
// itself, but serves what it is given.
//
// # What a server does
//
// It demands the path, the query and the headers of the handshake; greets; hears
// the subscription in the right order and within the time allowed; sends messages
// and, between them, what is not for clients: heartbeats, pings that want an
// answer, acknowledgements. It says goodbye the way that feed does, or is cut off.
//
// A subscriber that breaks a rule (a frame that the feed does not know or not yet,
// a missing pong, a silence, too many frames or connections) is cut, and the
// breach is kept ([Server.Breaches]). TestBreaches holds that every rule bites.
// Extensions are not agreed on, so messages are not compressed, even where the
// real feed would.
//
// # What must be relayed
//
// The server is the judge of what a relay must have relayed ([Server.Sent]): each
// message that it sent to a subscriber, once, in order, as the messages that one
// frame holds. Everything else that it sends is protocol, and not for clients.
//
// # Time
//
// The engine takes its time from package time and divides nothing. In a synctest
// bubble ten minutes, or a day, pass as fast as the work in them is done, while
// every interval is the feed's own. Over real sockets its clock is the real one.
//
// # Goroutines
//
// Each session has two: one reads frames, one acts and owns the session's state.
// A third broadcasts for all of them. Close ends all three kinds.
package sourcetest
