// Package hub turns one stream of messages into the bytes of thousands of
// clients: a lock-free ring, a cursor for each client, pumps that write without
// blocking, drainers for those whose socket is full, and the policy that evicts
// the slow. It knows no HTTP and no WebSocket: its caller gives it a [Format] (the
// bytes) and a [Conn] (the socket) for each client.
//
// # Invariants
//
//   - I1 One publisher, and it never waits for a client. It numbers messages
//     1, 2, 3, … within an epoch, or adopts a backbone's numbers. A message's
//     public sequence and its dense slot in the ring are two things: sequences
//     rise but may have holes.
//   - I2 A message, its payload and its encodings are immutable once published.
//   - I3 Each client sees strictly increasing sequences; no message twice, none
//     reordered, no frame cut or interleaved with another.
//   - I4 Within a connection there is no silent gap: what a client misses ends
//     in a close that carries its position, or was told in a gap notice before.
//     Every position that is told is one to resume from: all up to it was sent,
//     or told to be missed (TestModel).
//   - I5 Memory is bounded: the ring by count and bytes, payloads and cached
//     encodings together; a client by a constant (its cursor, one control frame,
//     one shared reference to the frame it is in the middle of, a pooled buffer
//     while it has a drainer, and a list of at most one message a key while it
//     gets a snapshot or is conflated).
//   - I6 When a client goes, its goroutines and registrations go too. Nothing
//     outlives Close.
//   - I7 Of an epoch of a stream a client gets every frame from the first on, or
//     no more from one that it did not get; all else comes to it as its format has
//     it, which the stream does not know of (TestModel, TestHammer, the tests of
//     streams: chainCodec finds out a frame too few or too many).
//
// # The road of a message
//
//	Publish ─▶ ring ─▶ pump ─▶ Conn.TryWrite                 the socket has room
//	                     └──▶ drainer ─▶ Conn.WaitWritable   it has not
//
// Publish stores the message and pokes the pumps. A pump's pass takes, for each
// of its clients, the batch from the client's cursor to the head (at most 64
// KiB, built once for all who stand at the same place) and makes one write. It
// leaves out the lanes that want nothing of what is new. There is no other
// batching and no delay: while a pass runs, messages gather, and the next batch is
// larger by itself. A client's queue is the span from its cursor to the head, so it
// costs nothing and holds nothing alive.
//
// Why not a goroutine for each client, woken by each message? Waking one costs
// more than everything else but the system call. In a run beside a C loop that
// does nothing but send (5,000 clients, 20 messages/s of 200 bytes, two cores),
// pumps cost 1.05 to 1.13 times the loop, a goroutine for each client on the
// same ring 1.7, a goroutine and a channel for each 1.9 to 2.0.
//
// # Who owns what
//
//	ring.head, tail, floor   written by the publisher, read by all (atomic)
//	Client.cursor, seq       written under the client's lock by whoever writes
//	Client.state (wire)      guarded by the client's lock
//	Client.group, index, wasFull  the pump
//	pump.roster, its groups  the pump
//	Client.streamFrom        written under the client's lock, read by all (atomic)
//	follower.next, epoch     the follower
//	follower.head            written by the follower, read by all (atomic)
//	Message.encodings        added to by anybody, taken away by the publisher (atomic)
//	Client.sweep             the sweep
//	Client.place, Hub.clients  Hub.mu
//	Hub.clock                written by the sweep, read by all (atomic)
//
// One of two writes to a client: its pump, or its drainer while Client.drainer
// is set (by the pump when it starts one, cleared by the drainer under the lock
// once it has caught up). A third hand, the library's pong or an eviction, may
// finish a cut frame and send a control frame, under the same lock; therefore a
// batch is only written if it starts at the cursor, checked under the lock.
//
// The lock is held for one non-blocking write, never while parked and never in
// Conn.Close, so nobody waits long for it; a pump that offers a batch does not
// wait at all and comes back instead.
//
// Goroutines: a pump each and one sweep, ended by Close; a follower for each lane
// with a stream, ended by its last client or by Close; a drainer, ended by
// catching up or by the client's Close.
//
// # Lock-free or not
//
// Publishing and reading the ring are lock-free. Joining and leaving take Hub.mu,
// a pump's mail its own mutex; neither is held while anything is written.
//
// # Preemption
//
// A loop around a raw system call has no preemption point, and stopping the
// world would wait for a whole pass. Client.offer is not inlined, so that its
// prologue is one, and a pump yields every 64 clients so that the source's
// reader gets its turn. TestStopTheWorldUnderSaturatedPumps bounds both. When a
// turn is long in coming the pump yields less often, lest a crowd of readers
// stop it.
//
// # Lanes
//
// A lane is a format and a filter; it is interned, and its clients get the same
// bytes. A message is encoded once for each format, on first use, and the result
// is kept with it, as long as it is among the newest (see Decisions).
//
// A pump holds its clients by lane, and the lanes by the keys that they want. So
// what a message costs a pass is a look-up of its key, a question to each lane
// that has prefixes, and visits to those who get it; whom it leaves out is not
// touched. His cursor then lies behind, on messages that he does not want, until
// the next pass that visits everybody: after 256 messages or a quarter of the
// ring, whichever is less, and after each look of the sweep
// (TestPassLeavesOutTheQuiet). Whoever lacks anything else posts, or was left
// behind by the last round, and is visited whatever his lane
// (TestLeftBehindIsVisitedAnyway). With 5,000 clients of 500 filters a delivery
// costs about what it costs without filters (fantail bench -selftest -filters
// 500); while every pass visited everybody it was nearly three times that.
//
// A run that a lane wants nothing of is a batch without bytes, which moves its
// clients' cursors and costs no system call. While a filtered client catches up
// or its socket is full, the sweep counts only the messages that its filter lets
// through, so nobody is slow, or lapped, for what he did not want
// (TestStuckFilteredClient, TestQuietIsNotLapped).
//
// Notices are bits in the client's write state (hello, gap, source, heartbeat)
// that wait for the next frame boundary; the frame is made when it is sent, so
// what it tells is true then, and notices that wait cost nothing. The sweep
// spreads word of the source, so that who reports it waits for nobody. Who joins
// during an outage is told right behind hello that the source is down
// (TestJoinDuringAnOutage).
//
// # Streams
//
// A stream is a lane whose frames depend on those before, such as compression with
// context. It is made once for all of the lane's clients, by a follower: a goroutine
// with a cursor of its own, which runs while the lane has clients. The hub knows
// nothing of what is in the frames; a [Codec] makes them.
//
// An epoch is a run of messages whose frames refer to nothing before the run. The
// follower keeps each frame with its message, beside the slot that its epoch began
// with, and only then moves its head. The lane's clients are taken to that head and
// no further: pumps, drainers, bounds and the end of a conflation go by it, so
// that nobody is slow for what the follower owes him, and a patient close waits for
// it. When it has moved, the pumps walk the lane's groups.
//
// Client.streamFrom is the slot from which on the client has got everything: its start,
// where it jumped to, or behind a message that has no frame in the stream. It gets
// the frames of epochs that began there or later, and all else as the format has
// it (I7). There is no more state than that: who joins inside an epoch, resumes
// from history, skips, or is conflated, comes onto the stream with the first epoch
// that he can have whole. For two clients at one place the answer is the same
// unless the epoch there began between their sinces; so they share batches.
//
// A frame may be missing: the room for encodings was used up when it was made (the
// epoch ends there, for all), or the ring has stripped it from an old message (who
// gets there later leaves the stream, for that epoch). Streams have no better right
// to that room than other encodings: their frames are small, and what is lost is
// bytes on the wire and not a message.
//
// How long is an epoch? Beginning one costs each client on the stream its context,
// some three messages' worth, and everybody who waits for one gets its messages
// plain meanwhile. So one begins once those who wait have cost as much as all on
// the stream would pay; behind 64 messages if anybody waits at all; and behind 512
// anyway, for those who will resume.
//
// A follower that is lapped, or more than 8,192 messages or 16 MiB behind, leaves
// out all up to the newest message: those go as the format has them
// (TestStreamLeaps). The publisher does not wait for it (I1): it makes one
// non-blocking send for each follower.
//
// # Demand
//
// [Demand] counts the lanes that want each exact key, and tells one reader which
// keys have come to be wanted and which are not any more. It is written when a
// lane is made or dropped, under its own mutex, so joins wait for a few map
// accesses and never for the reader; what happens between two looks of the reader
// is told as its result. A key lingers for a time after its last lane.
//
// # Numbering
//
// A backbone is a broker that keeps its messages under numbers of its own, such as
// a Redis stream. Adopt has the hub tell positions by those numbers, in an epoch
// that is derived from the backbone's name. So a position is good at every relay
// of that backbone, and after a restart, as long as the ring of that relay reaches
// back to it; and who resumes elsewhere gets no message twice
// (TestAdoptedPositionsAreGoodElsewhere). Inside, the hub counts on with sequences
// of its own: only what clients are told, and tell, is mapped.
//
//   - Where the numbering begins, and where the backbone has lost what was to come
//     next, there is a seam: a position before it is gone, and Last and Oldest do
//     not reach across it. Clients that are connected go on. That something is
//     missing they know from the source's notices.
//   - Numbers that were used before begin a random epoch, so that an old position
//     never means a new message (TestAdoptAnew). It is this hub's alone.
//   - Of a gap in a backbone's numbers nobody knows how many messages are in it.
//   - A relay may get a message a moment before another. A position that is not
//     reached yet is waited for (Await), rather than taken for gone.
//
// # Slow clients
//
// A client is catching up from its join until it first comes within half its
// bounds: until then only the ring's tail and Bounds.Stall bind it. After that
// the messages behind the one being written may be Bounds.Messages in number
// and Bounds.Bytes in size, and one message alone is never too much. The sweep
// looks every 100 ms, so a bound may be passed by what the feed sends meanwhile.
// Bounds.Stall counts only while the socket is full: a pump that is late is not
// the client's fault (TestUnvisitedIsNoStall).
//
// Evict closes the client. Skip moves its cursor to the head and Conflate to
// behind the snapshot, with a prelude: the newest message of each key since its
// place, in the order of sequences, which the client gets before what stands at
// its cursor. A client that joins with a snapshot starts on such a prelude. Both
// tell the gap. A frame that is cut when a client jumps is finished first; it
// belongs to a message that counts as got. Conflation begins anew at the end of a
// prelude, until there is nothing to leave out. So a client that reads a tenth of a
// feed of 200 keys gets a tenth of its bytes, each message at most a round of the
// keys old (TestConflationOfAFeedTenTimesTooFast).
//
// # Tried and dropped
//
// Server CPU for a delivery and the 99th percentile of latency, as multiples of
// those of a loop in C that does nothing but send (5,000 clients, 20 messages/s of
// 200 bytes, two cores, alternating rounds). As it is: 1.10 to 1.17, and 1.09 to
// 1.16.
//
//   - As many pumps as cores: 1.11 and 1.14, but the median latency rose from 1.19
//     to 1.39, since the source's reader finds no core free.
//   - Batches of 16 KiB: 1.14 and 1.23; of 256 KiB: 1.12 and 1.09, for four times
//     the buffers.
//   - A tick of a millisecond in place of the wake-up: 1.11 and 1.24.
//   - A goroutine for each client: 1.7 to 2.0, see above.
//   - Yielding by a sleep of a millisecond under a crowd of readers: passes waited
//     for a tenth of the turns, and clients were as late as before.
//   - io_uring: a loop in C with it costs 17% less than one with send. It is
//     forbidden in many containers, and it would be a second way to write that
//     every invariant has to hold on; not built.
//
// # Decisions
//
//   - The frame of the base lane is stored with the message and ends in the
//     payload: the feed is held once, and RING_BYTES means what it says. Each
//     message counts 128 bytes more for what carries it.
//   - Of Config.Bytes seven eighths are for messages and one for encodings, which
//     are kept only while there is room: an encoding pushes no message out, so
//     nobody who resumes loses by his own reading what he is about to read
//     (TestEncodingPushesNothingOut). The oldest messages give theirs up for the
//     newest (TestNewestKeepTheirEncodings), and a message that has done so, or is
//     alive in the snapshot alone, is encoded anew for each batch that it is in
//     (TestSnapshotKeepsNoEncodings), or goes plain if that takes long (Costly).
//   - Publish copies the payload into a slice of exactly its size: no buffer
//     with spare capacity hides behind a bound.
//   - A position counts as gone if it is too old, of another epoch, or was never
//     reached. The position told with Gone is the oldest that can be resumed
//     from.
//   - A client that is closed while it was owed a close frame, or inside a frame,
//     gets a reset: it must not take the end for an orderly one.
//   - The close frame of a patient reason may wait for room as long as data may
//     (Bounds.Stall), that of any other a second.
//   - A client that answers no ping but takes more of the feed than a stopped one
//     could is not silent: reaping it would harm a reader, and one whose large
//     buffer took it all is found by its stall once that is full. Filtered
//     clients and those that skip must answer.
//   - The hub's clock moves by a second at most from one sweep to the next: a relay
//     that was stopped, or found no core, does not take its own pause for the
//     silence of its clients (TestPauseIsNobodysDelay).
//   - Joining a hub that drains is allowed and answered by Draining at once, so
//     that a handshake under way ends with a close code and a position.
package hub
