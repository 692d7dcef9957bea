// Package nats reads subjects of NATS and streams of JetStream. It owns the NATS protocol's
// share of a source, and leaves to feed/internal/broker what all brokers have in common.
//
//	nats://h:4222?subject=x.>               subjects, repeatable; tls+nats is TLS
//	nats://h?stream=S&subject=x.>&from=new  JetStream; from is new, all or a sequence
//
// publish=name is the subject to which clients' messages go with Sending.Uplink. User and
// password, or a token, stand before the host.
//
//   - A stream is read on behind the last message that was taken, so nothing is lost or
//     repeated while JetStream keeps it (TestNATSKilledUnderLoad, TestNATSStreamIsResumed).
//     A loss is told (TestNATSStreamLapses).
//   - The number of a message is its sequence. A stream that was recreated has another time
//     of creation, and so another numbering.
//   - The library reads ahead at most a window of 512 KiB (TestWindow). Then TCP holds NATS
//     back. The library alone would drop what does not fit into its queue
//     (TestNATSFloodIsNotDropped).
//   - A NATS that hangs is noticed (TestNATSHangs).
//   - What clients send goes over the same connection (TestNATSPublishing). NATS answers a
//     flush for it.
//   - On demand (TestDemandOfNATS), a key that is a wildcard to NATS has no subject, because
//     its client could read the messages of others (TestKeysAreNoWildcards). A key that NATS
//     refuses is a log line, and the others go on (TestForbiddenKeyOfNATS).
package nats
