// Package bench owns fantail bench: it loads a WebSocket or SSE endpoint with clients
// and reports what they got, and it compares this relay with a bare-send floor on one
// machine.
//
// The load itself is package load, the floor package floor, the picture package plot.
// A self-test runs its source, floor and relay as processes of their own (child.go,
// part.go), so that the processor time of each can be told apart. The relay among them
// is handed in: bench does not know how one is served.
package bench
