// Package examples holds no code of its own: its tests run each example as a
// user would.
//
//	browser   a page that shows the feed and reconnects
//	chat      rooms and private channels over Redis, two relays of each behind nginx
//	compose   a relay and a recorded source in containers
//	embed     hub, feed and relay inside another program
//	sources   settings for real feeds; cmd/fantail's tests hold them
package examples
