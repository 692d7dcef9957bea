package nats

import "fantail/feed/driver"

// Queue is for tests.
const Queue = queueLength

// Waiting returns how many messages wait for a stream of subjects.
func Waiting(s driver.Stream) int { return len(s.(*subscription).conn.queue) }
