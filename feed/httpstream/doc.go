// Package httpstream reads http: and https: sources that answer a GET with a stream:
// Server-Sent Events or NDJSON. It owns the request and the parsing of its answer. It sends
// nothing: Sending.Frames is left out, and rules cannot reply.
//
// # What is read
//
//   - The content type names the stream: text/event-stream (WHATWG HTML, section 9.2) or
//     NDJSON under one of its names. application/json counts as NDJSON if the answer has no
//     length, because many services call their streams so (TestHTTPLines).
//   - An event is a message. Its type is the key of the message, unless it is the default
//     type (TestHTTPEvents). TestEvents and FuzzEvents hold the parser to the standard.
//   - A line of NDJSON is a message, without its line end: LF or CR LF (TestHTTPLines).
//   - Comments and empty lines are no messages but signs of life. Dialling.IdleTimeout waits
//     for a message or a sign of life (TestU1HTTPWatchdog). HTTP/1.1 has no ping, so this is
//     what notices a source that fell silent. HTTP/2 pings every Dialling.Ping.
//
// # Where the next connection begins
//
//   - The id of the last whole event is sent back as Last-Event-ID. So no event is lost or
//     comes twice while the source keeps its history (TestHTTPResumes).
//   - A source may refuse an id with 400, 410, 412 or 416. It is then asked for its live
//     feed (TestHTTPRefusesWhatItAskedToResume).
//   - An id that no header can hold, or of more than 1 KiB, counts as none (TestEvents).
//
// # When the next connection begins
//
//   - retry: is the shortest wait before the next connection, up to 30 s. So is Retry-After
//     of a 429 or 503, up to five minutes. Supervision adds up to a quarter, so that relays
//     do not come back together.
//   - 204 asks clients to stay away. Such a source is tried again after five minutes,
//     because a relay that gives up is of no use (TestHTTPStatus).
//
// # Bounds
//
//   - An event or a line of more than Messages.MaxMessage is dropped and counted, and the
//     connection goes on: it would come again on a resumed one. One that does not end is
//     given up after about four times that size and 1 MiB, with driver.ReasonTooLarge
//     (TestEventsBounds).
//   - Compressed answers are inflated as they come, so a bomb meets the same bounds
//     (TestU3HTTPBomb).
//   - driver.HandshakeTimeout bounds the wait for the head of the answer
//     (TestU2HTTPNeverAnswers). Redirects are not followed, because the headers may hold
//     secrets.
//
// # A relay as source
//
// An answer with a Fantail-Position is a relay's (TestHTTPRelay):
//
//   - Of /stream, the envelopes are opened, with their keys. Every message comes back as it
//     was.
//   - Of /sse, events of the type notice are told to Options.Notice. Events of the type
//     base64 are decoded: to text if that is UTF-8 with a CR in it, else to binary. Every
//     message comes back as it was, except for a binary message that looks like such a text,
//     and without its key.
//   - Notices count as signs of life.
package httpstream
