// Package redis reads channels and streams of Redis. It owns the Redis protocol's share of a
// source, and leaves to feed/internal/broker what all brokers have in common.
//
//	redis://h:6379/0?subscribe=a   channels, repeatable; rediss is TLS
//	redis://h?psubscribe=p*        patterns, repeatable
//	redis://h?stream=s&from=$      a stream; from is $ (new), 0 (all) or an id
//
// publish=name is the channel to which clients' messages go with Sending.Uplink; for a
// stream source it is a stream, the same or another. User and password stand before the
// host.
//
//   - A stream is read on behind the last entry that was taken, so nothing is lost or
//     repeated while Redis keeps it (TestRedisKilledUnderLoad, TestRedisStreamIsResumed). A
//     loss is told (TestRedisStreamLapses, TestRedisStreamRemoved). Redis counts the entries
//     that were ever added since version 7. Before, a trimmed stream is not noticed.
//   - An entry with one field is that field's value. An entry with several fields is a JSON
//     object of them, in their order. The key of its message is the name of the stream.
//   - The number of an entry is its id, ms-n, packed into one number. Redis cannot tell a
//     stream from another one of the same name, but ids go on with the clock. An id that is
//     not a time does not fit. The numbering then has no name, and the messages have no
//     numbers (TestRedisStreamNumbers).
//   - A Redis that hangs is noticed (TestRedisHangs), and a quiet one is kept
//     (TestRedisQuietIsNoSilence).
//   - What clients send goes over a connection of its own, which fails alone
//     (TestRedisPublishing), because a connection that subscribes takes no other command.
//     In a stream it is the field data of an entry. Trimming that stream is for its operator.
//   - On demand (TestDemandOfRedis), a forbidden channel is refused together with the whole
//     connection. The source is then away while a client wants that key.
package redis
