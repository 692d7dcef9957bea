package load

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"fantail/hub/websocket"
)

// maxSampled is the longest message in bytes that the sample puts together. A longer
// message is only counted.
const maxSampled = 16 << 20

// errClosed ends a client that got a close frame and answered it.
var errClosed = errors.New("load: closed by the server")

// receiver takes what an engine reads. One goroutine at a time calls it.
type receiver interface {
	// take takes bytes that arrived. The caller sends the reply as it is. An error
	// ends the connection.
	take(b []byte) (reply []byte, err error)
	// ended is called once, with the error that ended the connection.
	ended(err error)
}

// client is one WebSocket connection after its handshake.
type client struct {
	scan    Scanner
	tally   *tally
	sample  *sample // nil is a client outside the sample
	control []byte  // payload of the control frame under way
	reply   []byte  // built by one take
	code    uint16  // of the server's close frame; 0 without one
	word    string
}

// take counts b and the messages that end in it.
func (c *client) take(b []byte) (reply []byte, err error) {
	c.tally.bytes.Add(int64(len(b)))
	var now int64
	if c.sample != nil {
		now = time.Now().UnixNano()
	}
	messages := int64(0)
	c.reply = c.reply[:0]
	for {
		chunk, rest, ok, err := c.scan.Next(b)
		if err != nil || !ok {
			c.tally.messages.Add(messages)
			return c.reply, err
		}
		if b = rest; chunk.Control() {
			if err := c.onControl(chunk); err != nil {
				c.tally.messages.Add(messages)
				return c.reply, err
			}
			continue
		}
		if c.sample != nil {
			if err := c.sample.add(chunk, now, c.tally); err != nil {
				c.tally.messages.Add(messages)
				return c.reply, err
			}
		}
		if chunk.End {
			messages++
		}
	}
}

// onControl answers a ping with a pong, and a close frame with its code. It drops
// pongs.
func (c *client) onControl(k Chunk) error {
	c.control = append(c.control, k.Data...)
	if !k.End {
		return nil
	}
	payload := c.control
	c.control = c.control[:0]
	switch k.Opcode {
	case websocket.OpPing:
		c.reply = appendMasked(c.reply, websocket.OpPong, payload)
	case websocket.OpClose:
		c.code, c.word = closeWord(payload)
		c.reply = appendMasked(c.reply, websocket.OpClose, payload[:min(2, len(payload))])
		return errClosed
	}
	return nil
}

func (c *client) ended(err error) {
	if err != nil {
		c.tally.ends.add(ending(c.code, c.word, err))
	}
}

// positions is the PathSeq that stands for the sequence in a relay's positions.
const positions = "pos"

// sample looks into the messages of one client.
type sample struct {
	format            Format
	timePath, seqPath string
	position          string // after the last message; empty: the format has none
	awaited           awaited

	message  []byte // the pieces so far of a message that comes in several
	inflater inflater
	tooLong  bool  // the message under way is longer than maxSampled
	last     int64 // the highest sequence so far
	begun    bool  // last is valid
}

// add takes a chunk that was read at now. It does not copy a message that comes in one
// piece. It fails if a compressed message cannot be inflated.
func (s *sample) add(k Chunk, now int64, t *tally) error {
	if k.End && len(s.message) == 0 && !s.tooLong {
		return s.whole(k.Data, k.Compressed, now, t)
	}
	if len(s.message)+len(k.Data) > maxSampled {
		s.tooLong = true
	}
	if !s.tooLong {
		s.message = append(s.message, k.Data...)
	}
	if !k.End {
		return nil
	}
	p, tooLong := s.message, s.tooLong
	s.message, s.tooLong = s.message[:0], false
	switch {
	case !tooLong:
		return s.whole(p, k.Compressed, now, t)
	case k.Compressed:
		return errInflate // what follows may refer to it
	}
	return nil
}

// whole counts a message, compressed and inflated, and reads it.
func (s *sample) whole(p []byte, compressed bool, now int64, t *tally) error {
	came := len(p)
	if compressed {
		var err error
		if p, err = s.inflater.inflate(p); err != nil {
			return err
		}
		t.compressed.Add(1)
	}
	t.sampled.Add(1)
	t.came.Add(int64(came))
	t.inflated.Add(int64(len(p)))
	s.look(p, now, t)
	return nil
}

// look reads time and sequence of a whole message.
func (s *sample) look(p []byte, now int64, t *tally) {
	p, position := s.format.opened(p)
	if position != "" {
		s.position = position
	}
	if p == nil {
		return // a notice
	}
	if s.timePath != "" {
		if sent, ok := sendTime(p, s.timePath); ok {
			s.awaited.note(sent, now)
			t.latency(now - sent)
		} else {
			t.untimed.Add(1)
		}
	}
	if s.seqPath == positions && position != "" {
		if _, digits, ok := strings.Cut(position, "-"); ok {
			seq, _ := strconv.ParseInt(digits, 10, 64)
			s.follow(seq, t)
		}
	} else if s.seqPath != "" {
		if seq, ok := sequence(p, s.seqPath); ok {
			s.follow(seq, t)
		}
	}
}

// follow compares a sequence with the last one, above which it has to be by one.
func (s *sample) follow(seq int64, t *tally) {
	t.sequenced.Add(1)
	switch {
	case !s.begun:
	case seq <= s.last:
		t.repeats.Add(1)
		return
	case seq > s.last+1:
		t.gaps.Add(1)
		t.missed.Add(seq - s.last - 1)
	}
	s.last, s.begun = seq, true
}

// appendMasked appends a whole frame of a client's, with a mask of its own.
func appendMasked(dst []byte, opcode byte, payload []byte) []byte {
	var mask [4]byte
	binary.NativeEndian.PutUint32(mask[:], rand.Uint32())
	return websocket.AppendMasked(dst, 0x80|opcode, mask, payload)
}
