// Package examples holds no code of its own: its tests run each example as a
// user does.
//
//	browser   a page that shows the feed and reconnects
//	chat      rooms and private channels over Redis, two relays of each behind nginx
//	compose   a relay and a recorded source in containers
//	embed     hub, feed and relay inside another program
//	sources   settings for real feeds; the tests in cmd/fantail/e2e check them
package examples
