// Package push is a source that is handed its messages: push:. It connects to nothing.
//
// Feed.Push hands over messages, in their order, all or none. It never waits. Messages that
// do not fit the queue are refused, and their sender has to send them again
// (TestPushIsBounded). Messages that were taken are published once, those of each producer
// in order (TestPushHammer), also if a rule ends the connection meanwhile
// (TestPushOutlivesConnection).
package push
