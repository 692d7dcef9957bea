// Package load runs thousands of WebSocket clients in one process and reports what they
// got: deliveries, latency, gaps and closes. It works with any endpoint and does not
// know the relay.
//
// A slow load generator measures itself. So a client is not a connection of a WebSocket
// library, but a [Scanner] that finds the frames in raw bytes. The messages of every
// client are counted. Only a sample of the clients (Config.Sample) puts its messages
// together and reads their send time and sequence. If compression is offered, the sample
// also inflates its messages in their order.
//
// # Engines
//
//	Linux, ws:         pollers: one epoll loop for thousands of sockets
//	elsewhere and wss: a goroutine for each client
//
// Beside one relay (2,000 clients, 20 messages/s, two cores) a read costs the
// load 9 µs with pollers and 12 with goroutines, most of it in the kernel;
// BenchmarkEngines has one beside the other.
//
// # Is the load generator slow?
//
// Each poller also serves a probe: a loopback connection on which the time is sent every
// 10 ms. The age of that time at its reading shows how late this process reads,
// with every server. Result.Load has that lag and the processor time used. It says
// in words if the figures show the load generator rather than the server.
//
// # Formats
//
// Raw messages are read as they are. An envelope has the relay's own time and position,
// so that latency and order can be measured on any feed. The id of an event is its
// position. Notices of clients outside the sample count as messages; others do not
// count.
//
// A storm cuts all connections after the window and opens them again, 512 handshakes at
// a time. Each client resumes after its last position. It is live again with the first
// message that was sent after it came back. Its sequence goes on over the cut, so
// messages that the relay did not deliver count as missed.
//
// # Clients that never read
//
// Stalled clients have a small receive buffer and read nothing until the end. Then they
// read for at most a second. A client that finds its connection closed was evicted.
//
// # Decisions
//
//   - The clock is the wall clock, since the send time comes from another process and
//     perhaps another machine, whose clock must be in step. A message from the future
//     has latency zero and counts as skewed.
//   - Latency is measured in the window. Gaps, repeats and closes are counted over the
//     whole life of a client.
//   - The first client connects alone. If it fails, nothing is measured and the error
//     says why. Later failures are counted by their reason.
//   - A URL in a result has no user and no query, which may hold secrets.
package load
