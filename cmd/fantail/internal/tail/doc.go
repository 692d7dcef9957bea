// Package tail owns fantail tail: it prints, measures or records the messages of a
// feed, which may be a relay's.
//
// Connecting, resuming and recording belong to package feed. A message that is printed on
// a terminal cannot control it.
package tail
