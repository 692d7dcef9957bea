// Package fantailv1 is what a relay and its clients have to agree on beyond HTTP and
// WebSocket: the envelopes of the subprotocol fantail.v1, notices, and how a
// client goes on behind a position. Clients use it: a relay that is another relay's
// source, and fantail tail.
//
// It connects to nothing, and knows neither sources nor the hub's clients.
package fantailv1
