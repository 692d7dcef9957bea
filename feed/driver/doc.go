// Package driver is the contract between a feed and its kinds of source. It owns the
// types that both sides speak, and the queue of what is to be sent to a source. It
// connects to nothing, reads no configuration of its own, and knows no scheme.
//
// The contract is not stable. It is public so that drivers can be written outside of this
// module one day. Today the only way to add a driver is a row in feed's table of
// schemes.
//
// # How a driver is written
//
// A new kind of source is one folder below feed and one row in feed/schemes.go:
//
//  1. Make the folder. Its doc.go says what the driver owns and what it refuses to do.
//  2. Write New(Options) (Driver, error). It checks the URL and all else that can be known
//     without a connection, and joins all problems (errors.Join), so that the operator
//     reads them at once. It connects to nothing. Query takes parameters apart and
//     refuses unknown ones.
//  3. Write Driver.Open. It takes the URL from Options.Address, because the cursor may
//     have changed. It connects and finishes the handshake within HandshakeTimeout. It
//     reports each step with Report. A stream that it returns is open: the source has
//     granted what was asked for.
//  4. Write Stream.Next and Stream.Close. Make events with Message, SignOfLife, Dropped,
//     Gap and NumberingStart, and failures with Fail. A failure says what happened and
//     what to change; it names settings by the constants of this package, such as
//     SettingURL.
//  5. Implement the optional interfaces below that apply. State each of them in code, so
//     that the compiler checks it: var _ driver.Resumer = (*source)(nil).
//  6. Add the row to schemes in feed/schemes.go. Its columns ask what else the feed has to
//     know, for example whether the source is remote and whether its messages have keys.
//  7. Add the folder to the table of imports that TestArrows in hub checks.
//
// Supervision, splitting, rules, cursors, copies, keys and several sources then work
// without a further line.
//
// # Who calls what
//
//	New           once
//	Open          one call at a time
//	Next          one goroutine for each stream; the event is valid until the next call
//	Close         once for each stream, after the last Next
//	Send          any goroutine
//	Push          any goroutine
//	Position      any goroutine
//	Forget        while no stream is open
//
// A feed opens one stream after the other. With Config.Renewal.Overlap it calls Open while
// another stream of the driver is still read. The end of Open's context ends the attempt
// and, later, the stream. Close waits for all goroutines of the stream, unless one of them
// is in a read that cannot be interrupted.
//
// Drivers bound everything that comes from outside. Options.MaxMessage bounds a message. A
// longer one is Dropped or, if it cannot be skipped, a TooLarge failure. No text that a
// driver returns may hold a secret: not the URL, and nothing that the source quotes of what
// it was sent.
//
// # Optional interfaces
//
//   - [Sender] is a stream to which frames can be sent. Without it, rules reply nothing.
//   - [Resumer] is a driver whose next connection goes on where the last one ended. The feed
//     calls Forget when another source has brought what was missing.
//   - [RetryBounded] is a driver whose source is tried again more often than others.
//   - [Forwarder] is a driver whose connections send what others want to be sent.
//   - [Pusher] is a driver that is handed its messages and connects to nothing.
//
// # One type for everything in band
//
// A stream brings messages, and in their place signs of life, dropped messages, gaps and
// starts of numberings. All of these are an [Event], in the order of the stream. The error
// of Next is only the end of the stream. Each stage returns an Event for each message, so
// it is small enough for registers (TestEventFitsIntoRegisters).
//
// # What others send to the source
//
// With Config.Sending.Uplink, messages to the source wait in one queue, [Outgoing]. It has
// room for 256. Each open connection takes a message when it has nothing of its own to
// say. So the least busy of several connections sends it, and it is sent once. A message
// waits for at most two seconds, also while the source reconnects (TestUplinkWaits). This
// also bounds how long its sender is held up. A sender that gives up takes its message
// back, and the message is then never sent (TestSendAfterItsSenderGaveUp). The messages of
// one sender keep their order over one connection. Over several connections at once a
// source may see them in another order.
package driver
