// Package replay owns fantail replay: it serves a recording as a WebSocket source.
//
// A recording is not a live feed. Each subscriber gets it from its first message and
// at its own pace, and the player waits for a subscriber that reads slowly. The form
// of a recording belongs to package feed.
package replay
