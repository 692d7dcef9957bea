// Package demo makes up a market as a source. It connects to nothing and reads no data.
//
// demo:?seed=1&rate=50 makes up a few symbols that trade and are quoted. Messages are JSON
// with "demo":true, so that readers do not take them for prices (TestDemoIsMarkedAndValid):
//
//	{"demo":true,"t":1700000000000000000,"seq":1,"symbol":"DEMO-KEA","type":"trade","side":"buy","price":42.11,"size":31}
//	{"demo":true,"t":…,"seq":2,"symbol":"DEMO-MOA","type":"quote","bid":61249.5,"bid_size":7,"ask":61250.0,"ask_size":120}
//
// "t" is the time at which the message was made, in ns since 1970. "seq" counts all messages
// of a connection from 1. A price is a multiple of its symbol's tick, and stays within a
// factor of 5 of the first price (TestDemoPricesStayInBounds). The symbol is the message's
// key. Everything but "t" is the same for the same seed and rate on one kind of processor
// (TestDemoIsTheSameForASeed).
//
// A trading day takes five minutes, and the next day follows. The opening and the close are
// busy, noon is quiet, and each day has one to three bursts. rate is the mean of a day, in
// messages a second (TestDemoKeepsItsRate, TestDemoDayHasARhythm). Prices have calm and wild
// times (TestDemoVolatilityClusters).
package demo
