// Package broker owns what the drivers of brokers share: the connection below the broker's
// library, its signs of life, demand, what is published over it, and where a reader goes on
// in a stream. It refuses to know any broker's protocol.
//
//   - Supervision belongs to feed. Each connection is one [Link] below the broker's library.
//     A library that reconnects by itself gets the same closed Link. A broker is tried again
//     at least every 1.5 s (LongestWait), so that the relay is back within two seconds of
//     the broker (TestB1BrokerKilled in cmd/fantail/e2e).
//   - A source is open once the broker has granted all that was asked for. A wrong password,
//     a missing stream and a forbidden channel are failures of the opening.
//   - Any byte is a sign of life. After Dialling.Ping without a byte the broker is asked for
//     one, or has to speak by itself. After another Dialling.Ping the Link is closed
//     (TestLifeline).
//   - Channel, subject and routing key are the key of a message. Valid UTF-8 is text, all
//     else is binary (TestInputOfBroker).
//   - Several channels or patterns that match one message bring it several times, as the
//     broker sends it.
//   - Channels, subjects and exchanges have no history. What is published during an outage is
//     lost, and the outage is told.
//   - A stream is read on behind the last message that was taken (TestGoOn). A stream that was
//     trimmed, lost its end or was recreated is a log line, with the number of missing
//     messages if it is known. A stream that is missing is read from its first message once
//     it is there.
//   - The broker answers for what is published before Feed.Send returns.
//   - A message longer than Messages.MaxMessage is dropped and counted. It was in memory by
//     then, so the broker's own limit bounds it: proto-max-bulk-len, max_payload,
//     max_message_size.
//
// # Numbers of a stream
//
// A stream that a broker keeps has numbers, the same for every reader. They go along with
// the messages (hub.Input.Seq). Events.Number is told the numbering when the stream is first
// found, and again wherever messages are missing. This includes the first entry that is
// still kept, because what came before it is unknown. Parts of one message would share a
// number, and several sources each have their own numbers. So Events.Number is told nothing
// with Messages.Split or several sources (Config.Numbered in package feed).
//
// # Demand
//
// In subscribe=user:{key}, subject=user.{key} and bind=user.{key}, only the keys that
// clients ask for stand in the place of {key} (TestNamesOnDemand). The broker has a
// subscriber for user:alice while a client of this relay asks for the key alice. The key of
// such a message is the text in the place of {key}.
//
//   - A client's channel is subscribed one round trip later. What is published before that
//     is not received.
//   - After a reconnect, everything that is wanted is subscribed before the source counts as
//     back.
//   - Prefixes, and clients without keys, make no demand.
//   - The user of the URL must be allowed all channels that the template can name, because
//     any client can name a key. What happens otherwise depends on the broker: see packages
//     nats, redis and amqp.
//   - Only one reader can use a Demand, so several sources have none.
//
// A stream's Next belongs to the feed. FollowDemand subscribes and unsubscribes on the same
// connection, in a goroutine that ends with the stream. All three libraries allow that.
package broker
