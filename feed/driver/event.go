package driver

import (
	"fmt"

	"fantail/hub"
)

// EventKind says what an Event is.
type EventKind uint8

const (
	KindMessage        EventKind = iota // a message of the feed
	KindSignOfLife                      // something that is no message, such as a comment
	KindDropped                         // a message that is not published
	KindGap                             // missing messages of a source that keeps a history
	KindNumberingStart                  // the start of the numbering of the messages after it
	kinds                               // number of kinds
)

var kindWords = [kinds]string{"message", "sign of life", "dropped", "gap", "start of a numbering"}

// String returns the kind in words.
func (k EventKind) String() string {
	if k < kinds {
		return kindWords[k]
	}
	return fmt.Sprintf("EventKind(%d)", uint8(k))
}

// Event is one item of a stream, in the order of the stream: a message, or what stands in
// the place of one. The stream goes on after each of them. The functions below make
// events.
//
// Each stage returns an Event for each message. This costs almost nothing while an Event
// fits into registers: four fields, 32 bytes (TestEventFitsIntoRegisters).
type Event struct {
	Kind    EventKind  // says which of the fields below is set
	Drop    DropReason // of KindDropped
	Message *hub.Input // of KindMessage; owned by the stream, valid until the next call of Next
	Break   *Break     // of KindGap and KindNumberingStart
}

// Break is where a stream with a history begins, or where messages are missing.
type Break struct {
	Loss
	Numbering // of KindNumberingStart
}

// Loss says what is missing. The zero value says that nothing is.
type Loss struct {
	Missed uint64 // number of messages; 0 = unknown
	Detail error  // what happened, and what to change
}

// Numbering says how the messages after it are numbered (hub.Input.Seq).
type Numbering struct {
	Name   string // the same for every reader of this stream; empty = the messages have no numbers
	Behind uint64 // the first message has a number above this one
}

// Message returns the event of a message. The stream may use m, and the memory of its
// payload, again in the next call of Next. The caller of Next fills in the Time.
func Message(m *hub.Input) Event { return Event{Message: m} }

// SignOfLife returns the event of something that is no message. It shows that the source
// lives, which Dialling.IdleTimeout watches.
func SignOfLife() Event { return Event{Kind: KindSignOfLife} }

// Dropped returns the event of a message that is not published.
func Dropped(why DropReason) Event { return Event{Kind: KindDropped, Drop: why} }

// Gap returns the event of messages that are missing.
func Gap(l Loss) Event { return Event{Kind: KindGap, Break: &Break{Loss: l}} }

// NumberingStart returns the event that comes before the messages of a numbering. A stream
// with a history begins with it, and goes on with it after a loss.
func NumberingStart(n Numbering, l Loss) Event {
	return Event{Kind: KindNumberingStart, Break: &Break{l, n}}
}
