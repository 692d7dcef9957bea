package nats

import "fantail/feed/driver"

// Queue is queueLength for external tests.
const Queue = queueLength

// Waiting returns the number of messages that wait in a stream of subjects.
func Waiting(s driver.Stream) int { return len(s.(*subscription).conn.queue) }
