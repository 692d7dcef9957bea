package nats

import "fantail/feed/driver"

// Queue is for tests.
const Queue = natsQueue

// Waiting returns how many messages wait for a stream of subjects.
func Waiting(s driver.Stream) int { return len(s.(*natsSubscription).conn.queue) }
