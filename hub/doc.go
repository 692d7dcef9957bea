// Package hub turns one stream of messages into the bytes of thousands of clients. It
// owns a lock-free ring, a cursor for each client, pumps that write without blocking,
// drainers for clients whose socket is full, and the policy for slow clients. It knows
// no HTTP and no WebSocket: its caller gives it a [Format] (the bytes) and a [Conn]
// (the socket) for each client. It logs nothing and reads no environment.
//
// # Invariants
//
//   - I1 There is one publisher, and it never waits for a client. It numbers messages
//     1, 2, 3, … within an epoch, or adopts the numbers of a backbone. The public
//     sequence of a message and its slot in the ring are two things: sequences rise but
//     may have holes, slots have none.
//   - I2 A message, its payload and its encodings are immutable once published.
//   - I3 Each client sees strictly increasing sequences. No message comes twice or out
//     of order. No frame is cut, or interleaved with another.
//   - I4 There is no silent gap within a connection. If a client misses something, it
//     was told so in a gap notice before, or the connection ends in a close that
//     carries its position. A client can resume from every position that it is told:
//     everything up to it was sent, or was told to be missed (TestModel).
//   - I5 Memory is bounded. The ring is bounded by count and bytes, payloads and cached
//     encodings together. A client is bounded by a constant: its cursor, one control
//     frame, one shared reference to the frame that is being written, a pooled buffer
//     while it has a drainer, and a list of at most one message a key while it gets a
//     snapshot or is conflated.
//   - I6 When a client goes, its goroutines and registrations go too. Nothing outlives
//     Close.
//   - I7 Of a stream's epoch a client gets the frames from the first on, and none after
//     the first that it did not get. Everything else comes as the format has it, and
//     the stream does not refer to it (TestModel, TestHammer, and the tests of streams,
//     whose chainCodec notices one frame too few or too many).
//
// # The road of a message
//
//	Publish ─▶ ring ─▶ pump ─▶ Conn.TryWrite                 the socket has room
//	                     └──▶ drainer ─▶ Conn.WaitWritable   it has not
//
// Publish stores the message and wakes the pumps. A pump's pass takes, for each of its
// clients, the batch from the client's cursor to the head, and makes one write. A batch
// has at most 64 KiB and is built once for all clients at the same place. The pass
// leaves out the lanes that want nothing new. There is no other batching and no delay:
// messages gather while a pass runs, so the next batch is larger by itself. A client's
// queue is the span from its cursor to the head, so it costs nothing and keeps nothing
// alive.
//
// Why is there no goroutine for each client, woken by each message? Waking a goroutine
// costs more than everything else but the system call: compare BenchmarkPass with
// BenchmarkChannelPerClient (go test ./hub -run '^$' -bench 'Pass$|ChannelPerClient').
//
// # Who owns what
//
//	ring.head, tail, floor         written by the publisher, read by all (atomic)
//	Client.cursor, seq             written under the client's lock by its writer
//	Client.state (wire)            guarded by the client's lock
//	Client.streamFrom              written under the client's lock, read by all (atomic)
//	Client.group, index, wasFull   the pump
//	pump.roster, its groups        the pump
//	follower.next, epoch           the follower
//	follower.head                  written by the follower, read by all (atomic)
//	Message.encodings              added to by all, taken away by the publisher (atomic)
//	Client.sweep                   the sweep
//	Hub.clock                      written by the sweep, read by all (atomic)
//	Client.listed, Hub.clients     guarded by Hub.mu
//
// A client has one writer at a time: its pump, or its drainer while Client.drainer is
// set. The pump sets it when it starts a drainer. The drainer clears it under the lock
// once it has caught up. Others may finish a cut frame and send a control frame under
// the same lock: the library with a pong, or an eviction. Therefore a batch is only
// written if it starts at the cursor, which is checked under the lock.
//
// The lock is held for one non-blocking write. It is never held while parked, and never
// in Conn.Close, so nobody waits for it long. A pump that offers a batch does not wait
// at all: it comes back later.
//
// Goroutines: the pumps and one sweep, ended by Close; a follower for each lane with a
// stream, ended by the lane's last client or by Close; a drainer, ended by catching up
// or by the client's Close; and the one that fills the snapshot, ended by Close.
//
// # Lock-free or not
//
// Publishing and reading the ring are lock-free. Joining and leaving take Hub.mu, and a
// pump's mail has its own mutex. Neither is held while anything is written.
//
// # Preemption
//
// A loop around a raw system call has no preemption point, so stopping the world would
// wait for a whole pass. Client.offer is not inlined, which makes its prologue such a
// point. A pump also yields every 64 clients, so that the source's reader gets to run.
// TestStopTheWorldUnderSaturatedPumps bounds both. When many goroutines want to run, a
// pump yields less often, so that a crowd of readers cannot stop it.
//
// # Lanes
//
// A lane is a format and a filter. It is interned, and its clients get the same bytes.
// A message is encoded once for each format, on first use. The result is kept with the
// message while the message is among the newest (see Decisions).
//
// A pump holds its clients by lane, and the lanes by the keys that they want. So a
// message costs a pass one map access, a match for each lane that has prefixes, and the
// visits to the clients that get it. A client that the pass leaves out is not touched.
// Its cursor then points at messages that it does not want, until the next pass that
// visits all clients: after 256 messages or a quarter of the ring, whichever is less,
// and after each look of the sweep (TestPassLeavesOutTheQuiet). A client that lacks
// anything else has posted, or was left over by the last round, and is visited whatever
// its lane (TestLeftBehindIsVisitedAnyway). fantail bench -selftest -filters 500
// compares a delivery with one without filters.
//
// A run of messages that a lane does not want is a batch without bytes. It moves the
// cursors of the lane's clients and costs no system call. While a filtered client
// catches up or its socket is full, the sweep counts only the messages that its filter
// lets through. So a client is not slow, and not lapped, because of messages that it
// does not want (TestStuckFilteredClient, TestQuietIsNotLapped).
//
// Notices are bits in the client's write state (hello, gap, source, heartbeat) that
// wait for the next frame boundary. The frame is made when it is sent, so what it tells
// is true then, and a notice that waits costs nothing. The sweep spreads news of the
// source, so that its reporter waits for no client. A client that joins during an
// outage is told right after hello that the source is down (TestJoinDuringAnOutage).
//
// # Streams
//
// A stream is a lane whose frames depend on the frames before them, such as compression
// with context. A follower makes it once for all of the lane's clients: a goroutine
// with a cursor of its own, which runs while the lane has clients. The hub knows
// nothing of what is in the frames; a [Codec] makes them.
//
// An epoch is a run of messages whose frames refer to nothing before the run. The
// follower keeps each frame with its message, beside the slot that its epoch began
// with, and only then moves its head. The lane's clients go up to that head and no
// further. Pumps, drainers, bounds and the end of a conflation use it, so a client is
// not slow because the follower is late, and a patient close waits for the follower.
// When the head has moved, the pumps walk the lane's groups.
//
// Client.streamFrom is the slot from which on the client has got everything: its start,
// the place that it jumped to, or the slot after a message that has no frame in the
// stream. The client gets the frames of epochs that began there or later, and
// everything else as the format has it (I7). There is no more state than that. A client
// that joins inside an epoch, resumes from history, skips, or is conflated, comes onto
// the stream with the first epoch that it can have whole. Two clients at one place get
// the same frames, unless the epoch there began between their values of streamFrom; so
// they share batches.
//
// A frame may be missing. Either the room for encodings was used up when it was made,
// and then the epoch ends there for all. Or the ring has stripped it from an old
// message, and then a client that gets there later leaves the stream for that epoch.
// Streams have no better right to that room than other encodings: their frames are
// small, and what is lost is bytes on the wire, not a message.
//
// How long is an epoch? Its beginning costs each client on the stream its context,
// which is worth some three messages (turnCost). Meanwhile each client that waits for
// an epoch gets its messages plain. So an epoch begins once the waiting clients have
// cost as much as all clients on the stream would pay; after 64 messages if any client
// waits at all; and after 512 messages in any case, for clients that will resume.
//
// A follower that is lapped, or more than 8,192 messages or 16 MiB behind, leaves out
// everything up to the newest message: those messages go as the format has them
// (TestStreamLeaps). The publisher does not wait for it (I1): it makes one non-blocking
// send for each follower.
//
// # Demand
//
// [Demand] counts the lanes that want each exact key. It tells one reader which keys
// have become wanted, and which are no longer wanted. It is written when a lane is made
// or dropped, under its own mutex. So a join waits for a few map accesses, and never
// for the reader. Changes between two looks of the reader are told as their result. A
// key lingers for a time after its last lane.
//
// # Numbering
//
// A backbone is a broker that keeps its messages under numbers of its own, such as a
// Redis stream. Adopt makes the hub tell positions by those numbers, in an epoch that
// is derived from the backbone's name. So a position is good at every relay of that
// backbone, and after a restart, as long as that relay's ring reaches back to it. A
// client that resumes elsewhere gets no message twice
// (TestAdoptedPositionsAreGoodElsewhere). Inside, the hub goes on counting with
// sequences of its own: only what clients tell and are told is mapped.
//
//   - Where the numbering begins, and where the backbone has lost messages, there is a
//     break. A position before it is gone, and Last and Oldest do not reach across it.
//     Connected clients go on. They know from the source's notices that something is
//     missing.
//   - Numbers that were used before begin a random epoch, so that an old position never
//     means a new message (TestAdoptAgain). That epoch is this hub's alone.
//   - Nobody knows how many messages are in a gap in a backbone's numbers.
//   - A relay may get a message a moment before another. A position that the feed has
//     not reached yet is waited for (Await), and not taken for gone.
//
// # Slow clients
//
// A client is catching up from its join until it first comes within half its bounds.
// Until then only the ring's tail and Bounds.Stall bind it. Afterwards the messages
// after the one that is being written may be Bounds.Messages in number and Bounds.Bytes
// in size, and one message alone is never too much. The sweep looks every 100 ms, so a
// client may pass a bound by what the feed sends meanwhile. Bounds.Stall counts only
// while the socket is full: a pump that is late is not the client's fault
// (TestUnvisitedIsNoStall).
//
// Evict closes the client. Skip moves its cursor to the head. Conflate moves its cursor
// to the end of the snapshot and gives it a prelude: the newest message of each key
// since its place, in the order of sequences, which it gets before the message at its
// cursor. Skip and Conflate tell the gap. A client that joins with a snapshot starts
// with such a prelude. A frame that is cut when a client jumps is finished first, and
// its message counts as received. At the end of a prelude conflation begins again,
// until there is nothing to leave out. So a client that reads a tenth of a feed of 200
// keys gets a tenth of its bytes, and each message is at most one round of the keys old
// (TestConflationOfAFeedTenTimesTooFast).
//
// # Tried and dropped
//
//   - As many pumps as cores: the median latency rises, because the source's reader
//     finds no free core.
//   - Smaller batches cost more processor time. Larger ones need more buffers for
//     little gain.
//   - A tick of a millisecond instead of the wake-up: clients get messages later, and
//     it saves nothing.
//   - Yielding by a sleep of a millisecond under a crowd of readers: passes waited less
//     often, and clients were as late as before.
//   - io_uring: many containers forbid it, and it would be a second way to write for
//     which every invariant has to hold.
//
// # Decisions
//
//   - The frame of the base lane is stored with the message and ends in the payload. So
//     the feed is held once, and RingSize.Bytes means what it says. Each message counts
//     128 bytes more for what carries it.
//   - Seven eighths of RingSize.Bytes are for messages, and one eighth is for
//     encodings, which are kept only while there is room. An encoding pushes no message
//     out: a client that resumes does not lose, by its own reading, what it is about to
//     read (TestEncodingPushesNothingOut). The oldest messages give their encodings up
//     for the newest (TestNewestKeepTheirEncodings). A message that has done so, or
//     that is alive in the snapshot alone, is encoded again for each batch that it is
//     in (TestSnapshotKeepsNoEncodings), or goes plain if encoding takes long (Costly).
//   - Publish copies the payload into a slice of exactly its size: no buffer with spare
//     capacity hides from a bound.
//   - A position counts as gone if it is too old, is of another epoch, or was never
//     reached. The position that is told with Gone is the oldest that can be resumed
//     from.
//   - A client that is closed before it got its close frame, or inside a frame, gets a
//     reset: it must not take the end for an orderly one.
//   - The close frame of a patient reason may wait for room as long as data may
//     (Bounds.Stall). The close frame of any other reason may wait for a second.
//   - A client that answers no ping but takes more of the feed than a stopped client
//     could is not silent: closing it would harm a reader. If a large buffer took
//     everything, the stall is found once that buffer is full. Filtered clients and
//     clients that skip must answer.
//   - The hub's clock moves by a second at most from one sweep to the next: a relay
//     that was stopped, or found no core, does not take its own pause for the silence
//     of its clients (TestPauseIsNobodysDelay).
//   - Joining a hub that drains is allowed, and answered by Draining at once, so that a
//     handshake under way ends with a close code and a position.
//
// # Where things are
//
// The package has more than thirty files because one concept holds them together: what
// a client still gets, and who writes it. A new close reason is a row in reason.go;
// relay maps it to a code. A new notice is a row in notice.go. A new figure is a field
// of Stats and of tally; relay renders it. A new bound on clients is a field of Bounds,
// and the sweep checks it.
package hub
