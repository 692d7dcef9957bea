package hub

import (
	"sync/atomic"
	"time"
)

// Kind says whether a message is text or binary. It travels unchanged with the message,
// from the source to every client.
type Kind uint8

const (
	Text   Kind = iota // UTF-8, which the source checks
	Binary             // any bytes
)

// String returns "text" or "binary".
func (k Kind) String() string {
	if k == Binary {
		return "binary"
	}
	return "text"
}

// Input is one message as a source gives it to Publish. Publish copies Payload, so a
// driver may read the next message into the same buffer.
type Input struct {
	Kind    Kind
	Key     string    // optional label: symbol, room, user
	Time    time.Time // when the message was received; Publish fills in a zero time
	Payload []byte

	// Seq is the message's number on the backbone that Hub.Adopt named. It rises,
	// perhaps with holes. 0 is no number.
	Seq uint64
}

// Message is one unit of the feed. It is immutable once published (I2).
type Message struct {
	slot  uint64 // index in the ring, from 1, without holes
	seq   uint64 // the hub's own number; numbering maps it to the public one
	total uint64 // size of all messages up to and including this one
	time  time.Time
	key   string
	kind  Kind
	frame []byte // header and payload
	body  int    // where the payload starts in frame

	encodings atomic.Pointer[encoding] // the message in other formats, made on first use
	extra     atomic.Int64             // bytes of the encodings; stripped once the message may keep none
}

// Seq returns the hub's own number of the message. Hub.Position makes of it what
// clients are told.
func (m *Message) Seq() uint64 { return m.seq }

// Kind returns whether the message is text or binary.
func (m *Message) Kind() Kind { return m.kind }

// Key returns the message's label, empty if it has none.
func (m *Message) Key() string { return m.key }

// Time returns when the relay received the message.
func (m *Message) Time() time.Time { return m.time }

// Payload returns the message's bytes. Nobody may change them.
func (m *Message) Payload() []byte { return m.frame[m.body:] }

// Frame returns the payload after the header that Config.Header made. Nobody may change
// it.
func (m *Message) Frame() []byte { return m.frame }

// size returns the bytes that the message counts against the ring's: its frame, which
// holds the payload, its key, and the struct and slot that carry it.
func (m *Message) size() uint64 { return uint64(len(m.frame) + len(m.key) + messageOverhead) }

const messageOverhead = 128
