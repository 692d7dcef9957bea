package amqp

import "fantail/feed/driver"

// Prefetch is prefetch for external tests.
const Prefetch = prefetch

// Unread returns the number of messages that wait in the library's queue of a stream.
func Unread(s driver.Stream) (int, error) {
	a := s.(*stream)
	q, err := a.channel.QueueDeclarePassive(a.queue, false, true, true, false, nil)
	return q.Messages, err
}
