// Package stage owns what a feed does to each message between its driver and the place
// where it is published. It refuses to know what kind of source a message comes from, and
// it connects to nothing.
//
// # The order of the stages
//
//	driver -> split -> rules -> cursor -> copies -> supervision
//
// Each stage is a stream around a stream, in a file of its own. Pipeline.stages lists them
// in the order in which a message meets them. A stage that nothing asks for is left out.
// All stages work for every kind of source, but replies need a stream that is a
// driver.Sender. Keys are cut out after the stages, when a message is published.
//
// # Split
//
// A Split makes several messages of one (TestSplit). SplitLines cuts text into lines
// without their LF or CR LF, and leaves out empty lines. SplitArray cuts a JSON array into
// its elements, byte for byte as they stand there. A text that is not an array, or not
// JSON to its end, is relayed whole. So is a text of more than 65,536 pieces
// (TestSplitIsBounded), and each binary message (TestSplitLeavesBinaryAlone). A message
// without a piece is counted as driver.DropEmpty.
//
// # Rules
//
// Rules answer the messages that are part of the source's protocol. Each message is held
// against the rules, after splitting, and the first rule that matches counts:
//
//   - A message that matches is dropped (driver.DropRule), because it does not belong to
//     the feed, unless the rule says relay.
//   - Reply sends frames that templates make. In a template, $1 or ${name} stands for the
//     text of a group, byte for byte. This is right within JSON if the text was the content
//     of a JSON string before. A reply that is longer than 64 KiB is not sent
//     (TestReplyIsBounded).
//   - Reconnect ends the connection. The next one is tried as after any loss.
//   - Fatal ends the connection, and the source is left alone for at least FatalWait. The
//     log shows the beginning of the message, and the feed raises an alarm
//     (TestFatalAnswerIsAnAlarm in feed).
//
// A rule costs more for a longer message. An expression that starts with ^ ends early. It
// also does not match text that people only quote.
//
// # Cursor
//
// A Cursor keeps the last value of a path, and fills it into {cursor} in the source URL. It
// leaves out the query parameters that have {cursor} in them while it has no value.
// {cursor-5000000} is the value less that number, for a source whose order differs a little
// from that of its cursor (TestCursorFill). What such a source repeats is for an Identifier
// to drop (TestCursorResumes in feed).
//
// # Copies
//
// An Identifier drops copies, in one of two ways (TestDedupe):
//
//   - By a name, which is a part of the message. A message whose name was published before
//     is a copy, over whichever connection it came. A message without a name is relayed.
//   - By ByHash. Two equal messages of one connection are two messages. Only a message of
//     another connection can be a copy. A message that always reads the same, such as a
//     heartbeat, may be taken for a copy at the start of a connection.
//
// It remembers 65,536 messages (TestDedupeIsBounded). TestU4RepeatsAndReorders in
// feed plays both ways through a feed.
//
// # Keys
//
// A key labels a message: a symbol, a room, a user. Clients choose keys, and a snapshot
// holds the newest message of each. A Keyer cuts the key out of the message (TestKey). It
// is one of two:
//
//   - gjson paths (https://github.com/tidwall/gjson/blob/master/SYNTAX.md), joined by
//     colons: stream, or arg.channel:arg.instId, or @reverse|0 for the last element of an
//     array. A colon within a path is written \:. The key is the values of the paths with
//     colons between them. A missing value and null are empty. If all values are empty,
//     there is no key. A string counts without its quotes. Everything else, also an object
//     or an array, counts as it stands in the message. Only text that starts as an object or
//     an array has such a key. Whether it is JSON to its end is not checked.
//   - re: and a Go regular expression (RE2) with one group, which is the key. It is held
//     against the whole message, also a binary one (TestKeyOfBinary), so it costs more for
//     a longer message. One that starts with ^ ends early.
//
// A key of more than 1 KiB (hub.MaxKey) or that is not UTF-8 is no key, because no filter
// could name it and a shortened key would be another key (TestKeyThatCannotBeUsed). The
// feed counts such messages.
package stage
