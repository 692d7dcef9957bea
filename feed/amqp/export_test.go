package amqp

import "fantail/feed/driver"

// Prefetch is for tests.
const Prefetch = prefetch

// Unread returns how many messages wait in the queue of a stream.
func Unread(s driver.Stream) (int, error) {
	a := s.(*stream)
	q, err := a.channel.QueueDeclarePassive(a.queue, false, true, true, false, nil)
	return q.Messages, err
}
