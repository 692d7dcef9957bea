package driver

import (
	"fmt"

	"fantail/hub"
)

// EventKind says what an Event is.
type EventKind uint8

const (
	KindMessage        EventKind = iota // a message of the feed
	KindSignOfLife                      // the source said something that is no message, such as a comment
	KindDropped                         // a message that cannot be used, or is not wanted
	KindGap                             // messages are missing that a source with a history was expected to have
	KindNumberingStart                  // the numbers of the messages behind it belong to a numbering
	kinds                               // how many there are
)

var kindWords = [kinds]string{"message", "sign of life", "dropped", "gap", "start of a numbering"}

// String returns the kind in words.
func (k EventKind) String() string {
	if k < kinds {
		return kindWords[k]
	}
	return fmt.Sprintf("EventKind(%d)", uint8(k))
}

// Event is one thing that a stream brings, in the order of the stream: a message, or
// what stands in the place of one. The stream goes on behind each of them. The
// functions below make them.
//
// An Event is returned once a message by each stage, and costs next to nothing as
// long as it fits into registers: four fields, 32 bytes (TestEventFitsIntoRegisters).
type Event struct {
	Kind    EventKind
	Drop    DropReason // of KindDropped
	Message *hub.Input // of KindMessage; the stream's, good until the next call of next
	Break   *Break     // of KindGap and KindNumberingStart
}

// Break is where a stream with a history begins, or does not follow on.
type Break struct {
	Loss
	Numbering // of KindNumberingStart
}

// Loss says what is missing. The zero value is that nothing is.
type Loss struct {
	Missed uint64 // how many messages; 0 = nobody knows
	Detail error  // what happened, and what to change
}

// Numbering says how the messages behind it are numbered (hub.Input.Seq).
type Numbering struct {
	Name   string // the same for everybody who reads this stream; empty = the messages have no numbers
	Behind uint64 // the number behind which they begin
}

// Message brings a message. The stream may use m again in the next call of next,
// and what its payload points into. Its Time is the caller's to fill in.
func Message(m *hub.Input) Event { return Event{Message: m} }

// SignOfLife tells that the source lives, for Config.IdleTimeout, when it has said
// something that is no message.
func SignOfLife() Event { return Event{Kind: KindSignOfLife} }

// Dropped stands in the place of a message that is not published.
func Dropped(why DropReason) Event { return Event{Kind: KindDropped, Drop: why} }

// Gap stands in the place of messages that are missing.
func Gap(l Loss) Event { return Event{Kind: KindGap, Break: &Break{Loss: l}} }

// NumberingStart stands before the messages that belong to a numbering, and behind
// what is missing before them. It stands where a stream with a history begins, and
// where one goes on behind a loss.
func NumberingStart(n Numbering, l Loss) Event {
	return Event{Kind: KindNumberingStart, Break: &Break{l, n}}
}
