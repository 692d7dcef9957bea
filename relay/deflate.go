package relay

import (
	"bytes"
	"compress/flate"
	"sync"
	"sync/atomic"
	"time"

	"fantail/hub"
	"fantail/hub/websocket"
)

// What is worth compressing, and how hard: see "Compression" in doc.go.
const (
	sharedLevel = 6
	sharedLeast = 8       // bytes; a frame has three or more besides the message
	sharedMost  = 4 << 20 // bytes; a longer message would make the stream's clients wait

	// The stream rests after so much time at a large message. Yielding would not do:
	// while a goroutine is ready to run, Go's scheduler may poll the network only every
	// 10 ms, and plain clients would wait for that.
	sharedTurn  = 500 * time.Microsecond
	sharedRest  = 50 * time.Microsecond
	sharedPiece = 4 << 10 // bytes between two looks at the clock

	aloneLevel = flate.BestSpeed
	aloneLeast = 256      // bytes; a shorter message hardly shrinks alone
	aloneMost  = 16 << 10 // bytes; a pump compresses these itself while clients wait
)

// flushTail is the end of what a sync flush writes. It is left out of the frame (RFC
// 7692 section 7.2.1).
const flushTail = "\x00\x00\xff\xff"

// wireMessage returns a message as a WebSocket format has it, before it becomes a
// frame.
type wireMessage func(buf []byte, m *hub.Message) (kind hub.Kind, payload, buffer []byte)

func rawMessage(buf []byte, m *hub.Message) (hub.Kind, []byte, []byte) {
	return m.Kind(), m.Payload(), buf
}

func (f *envelopeFormat) message(buf []byte, m *hub.Message) (hub.Kind, []byte, []byte) {
	buf = appendEnvelope(buf[:0], f.position(m.Seq()), m)
	return hub.Text, buf, buf
}

// deflater compresses the messages of one WebSocket format. As a hub.Codec it has one
// context for all clients. Its format alone compresses each message by itself.
type deflater struct {
	message wireMessage
	alone   *aloneFormat
	shared  compressionStats
}

func newDeflater(plain hub.Format, message wireMessage) *deflater {
	d := &deflater{message: message}
	d.alone = &aloneFormat{Format: plain, message: message}
	d.alone.writers.New = func() any { return newFrameWriter(aloneLevel) }
	return d
}

// NewStream implements hub.Codec.
func (d *deflater) NewStream() hub.Stream {
	p := newFrameWriter(sharedLevel)
	p.rests = true
	return &deflateStream{deflater: d, frameWriter: p}
}

// deflateStream is permessage-deflate with context takeover.
type deflateStream struct {
	*deflater
	*frameWriter
	buf []byte
}

// Reset begins an epoch: the next frame refers to nothing before it.
func (s *deflateStream) Reset() { s.frameWriter.w.Reset(&s.frameWriter.out) }

// Encode implements hub.Stream. A message that is too small or too large is left out of
// the stream, for all clients alike, because a message that is not sent compressed does
// not enter a client's window.
func (s *deflateStream) Encode(m *hub.Message) (frame []byte, saved int) {
	began := time.Now()
	kind, payload, buf := s.message(s.buf, m)
	if s.buf = buf; len(payload) < sharedLeast || len(payload) > sharedMost {
		s.buf = nil
		return nil, 0
	}
	frame = s.frame(kind, payload)
	plain := websocket.FrameLen(len(payload))
	s.shared.note(plain, len(frame), time.Since(began))
	return frame, plain - len(frame)
}

// aloneFormat is another format whose messages are compressed each by itself. It is for
// filtered clients, and for those that negotiated server_no_context_takeover. A message
// that would not shrink stays as it is.
type aloneFormat struct {
	hub.Format
	message wireMessage
	writers sync.Pool // of *frameWriter
	stats   compressionStats
}

// Encode implements hub.Format. A pump calls it.
func (f *aloneFormat) Encode(m *hub.Message) []byte {
	if !f.Costs(m) {
		return f.Format.Encode(m)
	}
	began := time.Now()
	w := f.writers.Get().(*frameWriter)
	defer f.writers.Put(w)
	w.w.Reset(&w.out)
	kind, payload, _ := f.message(nil, m)
	frame := w.frame(kind, payload)
	plain := websocket.FrameLen(len(payload))
	f.stats.note(plain, min(plain, len(frame)), time.Since(began))
	if len(frame) >= plain {
		return f.Format.Encode(m)
	}
	return frame
}

// Costs implements hub.Costly. Only compressing a message shows whether it shrinks.
func (f *aloneFormat) Costs(m *hub.Message) bool {
	n := len(m.Payload())
	return n >= aloneLeast && n <= aloneMost
}

// Plain implements hub.Costly.
func (f *aloneFormat) Plain() hub.Format { return f.Format }

// frameWriter makes frames of what it compresses.
type frameWriter struct {
	w     *flate.Writer
	out   bytes.Buffer
	rests bool // it rests within a large message, see sharedTurn
}

func newFrameWriter(level int) *frameWriter {
	f := new(frameWriter)
	f.w, _ = flate.NewWriter(&f.out, level) // it fails for an unknown level only
	return f
}

// frame compresses a message in the context of those since the last Reset. Writing to a
// buffer cannot fail.
func (f *frameWriter) frame(kind hub.Kind, payload []byte) []byte {
	f.out.Reset()
	f.write(payload)
	f.w.Flush()
	body := bytes.TrimSuffix(f.out.Bytes(), []byte(flushTail))
	return websocket.AppendCompressed(make([]byte, 0, websocket.FrameLen(len(body))), kind, body)
}

func (f *frameWriter) write(payload []byte) {
	for began := time.Now(); f.rests && len(payload) > sharedPiece; {
		f.w.Write(payload[:sharedPiece])
		payload = payload[sharedPiece:]
		if time.Since(began) > sharedTurn {
			time.Sleep(sharedRest)
			began = time.Now()
		}
	}
	f.w.Write(payload)
}

// compressionStats count what compressing took, and what it saved.
type compressionStats struct{ plain, sent, nanos atomic.Uint64 }

func (s *compressionStats) note(plain, sent int, took time.Duration) {
	s.plain.Add(uint64(plain))
	s.sent.Add(uint64(sent))
	s.nanos.Add(uint64(max(took, 0)))
}
