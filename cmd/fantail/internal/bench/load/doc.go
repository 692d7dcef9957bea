// Package load is thousands of WebSocket clients in one process, and what they
// saw: deliveries, latency, gaps, closes. It works against any endpoint and
// knows nothing of the relay.
//
// A load generator that is slow measures itself. So a client here is no
// connection of a WebSocket library but a [Scanner], some 40 bytes of state that
// finds the frames in raw bytes. Every client's messages are counted; only a
// sample of the clients (Config.Sample) has its payloads put together and looked
// into for the send time and the sequence. Where compression is offered, the
// sample's messages are inflated as well, each behind those before it.
//
// # Who reads
//
//	Linux, ws:         pollers: one epoll loop for thousands of sockets
//	elsewhere and wss: a goroutine for each client
//
// Beside one relay (2,000 clients, 20 messages/s, two cores) a read costs the
// load 9 µs with pollers and 12 with goroutines, most of it in the kernel;
// BenchmarkEngines has one beside the other.
//
// # Is it the load that is slow?
//
// Each poller also serves a probe: a loopback connection on which the time is
// sent every 10 ms. When it is read tells how late this process reads, whatever
// the server does. Result.Load has that lag and the processor time used, and
// says in words when the figures are the load's own rather than the server's.
//
// # Formats
//
// Raw messages are looked into as they are. Of an envelope the time and the
// position are the relay's own, so that latency and order can be told of any
// feed; an event's id is its position. Notices have no place in the figures, but
// for those of clients outside the sample, which count as messages.
//
// A storm cuts all connections behind the window and opens them again, 512
// handshakes at a time, each behind its client's last position. A client is live
// again with the first message that was sent once it was back; its sequence goes
// on over the cut, so what the relay did not make good shows as missed.
//
// # Clients that never read
//
// Stalled clients get a small receive buffer and are left alone until the end.
// Then they are drained for at most a second: those whose connection turns out
// to be over were evicted.
//
// # Decisions
//
//   - The clock is the wall clock: the send time in the message is of another
//     process and maybe another machine, whose clock has to be in step. A
//     message from the future counts with zero, and is counted as skewed.
//   - Latency belongs to the measuring window; gaps, repeats and closes to the
//     whole life of the clients.
//   - The first client connects alone. If it cannot, nothing is measured and the
//     error says why; later failures are counted by what they say.
//   - A URL in a result has neither user nor query: they may hold secrets.
package load
