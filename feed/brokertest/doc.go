// Package brokertest runs real servers for tests: redis-server, nats-server,
// rabbitmq-server and nginx, each on free ports of the loopback interface, with a directory
// of its own, and killed at the test's end.
//
// A test whose broker is not installed is skipped and says so; with
// REQUIRE_BROKERS=1 it fails.
package brokertest
