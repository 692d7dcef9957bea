// Package amqp reads exchanges of AMQP 0-9-1 brokers, such as RabbitMQ. It owns the
// protocol's share of a source, and leaves to feed/internal/broker what all brokers have in
// common.
//
//	amqp://h:5672/vhost?exchange=x&bind=k   an exchange, bind repeatable; amqps is TLS
//	amqp://h?exchange=x&type=topic          the same, made durable if it is missing
//
// publish=key is the routing key in the exchange to which clients' messages go with
// Sending.Uplink. User and password stand before the host.
//
//   - Each relay has a queue of its own. It is exclusive, named by the broker, and ends with
//     the connection. Without bind it is bound with #, which means all messages of a topic or
//     fanout exchange.
//   - Messages are acknowledged once they were taken. This bounds the library's queue, which
//     has no bound of its own.
//   - What clients send goes over a connection of its own, because RabbitMQ stops reading
//     from a publisher when it is short of memory. RabbitMQ confirms each message.
//   - On demand, a key that is a wildcard to the broker has no binding, because its client
//     could read the messages of others (TestAMQPKeysAreNoWildcards). A broker with topic
//     permissions refuses a forbidden key together with the whole connection. The source is
//     then away while a client wants that key.
//
// TestAMQP plays all of it against one RabbitMQ.
package amqp
