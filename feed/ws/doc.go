// Package ws reads WebSocket sources (RFC 6455), ws: and wss:, and sends to them. It owns
// the connection and all that is sent over it. It refuses to know what messages mean, and
// when the next connection is due.
//
// # Opening
//
//   - driver.HandshakeTimeout bounds the opening as a whole (TestU2WSHandshakeTimeout). The
//     frames of Sending.Frames are part of it. If the rate holds them up for more than a
//     second, the rest is sent while messages are read.
//   - Headers and frames are evaluated for each connection
//     (TestWSSendIsEvaluatedAtEachConnect). A file that cannot be read is a failure like
//     any other, because files are replaced (TestWSSecretsThatCannotBeRead).
//   - Redirects are not followed, because the headers may hold secrets. The log names the
//     host to which a redirect points (TestWSHTTPAnswers).
//   - If subprotocols are configured the source must choose one of them, as it must for
//     browsers (TestWSSubprotocolMismatch).
//   - A refused handshake may carry a Retry-After. With 429 and 503 it is honoured, up to
//     five minutes (TestRetryAfterIsHonoured).
//
// # Reading
//
//   - Dialling.Ping is the interval of pings and the deadline of each pong. Any byte that
//     arrives in that time is a sign of life (TestWSBytesAreASignOfLife). So a silent
//     connection is noticed within two intervals (TestU1WSPingUnanswered). With
//     driver.NoPing only Dialling.IdleTimeout notices it.
//   - The end of Run sends a close frame with 1000 (TestWSLeavesWithACloseFrame). It waits
//     for at most a second for the answer (TestWSDeafSourceDoesNotHoldUpTheEnd). What
//     arrives in that second is not published.
//   - A message that the end of the connection cuts short is not published
//     (TestWSCutMessageIsNotPublished). A close frame inside a compressed message ends the
//     connection and nothing else (TestWSCloseInsideMessage). Package hub/websocket makes
//     both good, because the library below it does not.
//
// # Sending
//
//   - Everything goes through the outbox of the connection, which one goroutine writes:
//     first Sending.Frames, then replies and text pings as they come, and what others send
//     when nothing else waits.
//   - 256 frames may wait. A reply that finds no room is not sent. It is counted, and the
//     log warns (TestRepliesBeyondTheRoomAreCounted).
//   - Reading never waits for the outbox, except for a second in the opening.
//   - Sending.Rate spaces all frames of a source evenly, over all its connections. The
//     WebSocket library sends pings, pongs and close frames at once, because a source ends
//     the connection if a pong is late. They hold up what is sent after them instead
//     (TestSendRateHolds). At most 16 of them do, because the rate outlives the connection.
//   - A message to a source that does not read costs its sender two seconds and the feed
//     nothing (TestSendToADeafSource). No message reaches the source twice or out of its
//     sender's order, and none reaches it whose sender was told that it was not sent
//     (TestSendHammer). Package driver describes the queue.
//
// # A relay as source
//
// With Dialling.Resume the subprotocol fantail.v1 is offered. A server is a relay if it
// takes that subprotocol and sends a Fantail-Position. Its envelopes are opened, and their
// messages are published byte for byte. The next connection resumes from the position
// behind the last whole message, or behind a gap that the relay told. It sets since= in the
// URL, in the place of since=, last= and snapshot=. So no message is lost or published
// twice while the relay holds what is missing (TestResumeAcrossCuts). If the relay does not
// hold it, Options.Notice is told the gap (TestResumeTellsGaps).
//
// A relay that does not take the subprotocol is read as it is. It is resumed where its
// close frame says. After a cut it begins live, with a gap of unknown size (TestResumeRaw).
// Any other server is read as without Resume (TestResumeLeavesOtherServersAlone).
package ws
