package hub

import (
	"encoding/binary"
	"hash/fnv"
	"sync/atomic"
	"testing"
)

const frameStream = 'S' // its body is a link of a chain, and a message's body

// chainCodec is a codec whose streams are chains: each frame names the link before it,
// so that a client which lacks one of an epoch's frames, or has one too many, is found
// out. Messages of at most plain bytes are left out of the streams.
type chainCodec struct {
	plain   int
	streams atomic.Int64 // made
	resets  atomic.Int64
	gate    chan struct{} // if set, each message waits for a token
}

type chainStream struct {
	codec *chainCodec
	link  uint64
}

func (c *chainCodec) NewStream() Stream {
	c.streams.Add(1)
	return &chainStream{codec: c}
}

func (s *chainStream) Reset() {
	s.codec.resets.Add(1)
	s.link = 0
}

func (s *chainStream) Encode(m *Message) (frame []byte, saved int) {
	if s.codec.gate != nil {
		<-s.codec.gate
	}
	if len(m.Payload()) <= s.codec.plain {
		return nil, 0
	}
	frame = testFrame(frameStream, string(binary.BigEndian.AppendUint64(nil, s.link))+string(m.Payload()))
	s.link = nextLink(s.link, m.Payload())
	return frame, 1
}

// nextLink is never 0, which begins a chain.
func nextLink(link uint64, payload []byte) uint64 {
	h := fnv.New64a()
	h.Write(binary.BigEndian.AppendUint64(nil, link))
	h.Write(payload)
	return h.Sum64() | 1
}

// chain is a client's end of a stream, with the contents of its window.
type chain struct {
	link   uint64
	frames int
}

// open returns the message's body of a stream's frame: I7.
func (c *chain) open(t testing.TB, body []byte) []byte {
	t.Helper()
	link, payload := binary.BigEndian.Uint64(body), body[8:]
	if link != 0 && link != c.link {
		t.Fatalf("message %d goes on behind a link that the client does not have", binary.BigEndian.Uint64(payload))
	}
	c.link = nextLink(link, payload)
	c.frames++
	return payload
}
