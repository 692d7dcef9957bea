// Package fantailv1 holds the rules that a relay and its clients share beyond HTTP and
// WebSocket: the envelopes of the subprotocol fantail.v1, notices, and how a client
// resumes after a position. Clients use it: a relay that is another relay's
// source, and fantail tail.
//
// It connects to nothing, and knows neither sources nor the hub's clients.
package fantailv1
