package hub

import (
	"sync/atomic"
	"time"
)

// Kind says whether a message is text or binary; it travels with the message
// from the source to every client unchanged.
type Kind uint8

const (
	Text   Kind = iota // UTF-8, checked by feed
	Binary             // any bytes
)

// String returns "text" or "binary".
func (k Kind) String() string {
	if k == Binary {
		return "binary"
	}
	return "text"
}

// Input is what a source hands to Publish. Publish copies Payload, so a
// driver may read the next message into the same buffer.
type Input struct {
	Kind    Kind
	Key     string    // optional label: symbol, room, user
	Time    time.Time // when it was received; Publish fills a zero time
	Payload []byte

	// Seq is the message's number on the backbone that Hub.Adopt was told of. It
	// rises, perhaps with holes. 0 is none.
	Seq uint64
}

// Message is one unit of the feed, immutable once published (I2).
type Message struct {
	slot  uint64 // dense index in the ring, from 1
	seq   uint64 // the hub's number; see numbering for the public one
	total uint64 // cumulative size of all messages up to and with this one
	time  time.Time
	key   string
	kind  Kind
	frame []byte // header and payload
	body  int    // where in frame the payload starts

	encodings atomic.Pointer[encoding] // the message in other formats, made on first use
	extra     atomic.Int64             // bytes of those; stripped once it may keep none
}

// Seq returns the hub's number of the message, of which Hub.Position makes what
// clients are told.
func (m *Message) Seq() uint64 { return m.seq }

// Kind returns whether the message is text or binary.
func (m *Message) Kind() Kind { return m.kind }

// Key returns the message's label, empty if it has none.
func (m *Message) Key() string { return m.key }

// Time returns when the relay received the message.
func (m *Message) Time() time.Time { return m.time }

// Payload returns the message's bytes, which must not be changed.
func (m *Message) Payload() []byte { return m.frame[m.body:] }

// Frame returns the payload behind what Config.Header made for it; it must not
// be changed.
func (m *Message) Frame() []byte { return m.frame }

// size is what the message counts against the ring's bytes: its frame, which
// holds the payload, its key, and the struct and slot that carry it.
func (m *Message) size() uint64 { return uint64(len(m.frame) + len(m.key) + messageOverhead) }

const messageOverhead = 128
