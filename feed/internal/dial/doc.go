// Package dial owns what drivers share that open connections over HTTP: the dialling, its
// failures in words on which an operator can act, and the steps that a probe is told. It
// refuses to know what the connections carry.
//
//   - Texts never hold the URL, which may hold secrets, and nothing that looks like a secret
//     in an answer (TestExcerptShowsNoSecret).
//   - Retry-After is honoured with 429 and 503, up to five minutes (TestRetryAfter).
//   - A Tap counts the control frames that the WebSocket library sends, and charges them to
//     the rate (TestControlFramesAreCounted). At most 16 of them hold up later frames
//     (TestControlFramesHoldUpForABoundedTime).
//   - An attempt that is given up leaves no connection behind, although net/http goes on
//     dialling (TestU2WSHandshakeTimeout in feed/ws).
package dial
