// Package arbiter makes one feed of several sources that number the same messages. It is
// pure: it knows neither sources nor clocks.
package arbiter
