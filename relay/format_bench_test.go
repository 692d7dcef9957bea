package relay

import (
	"testing"

	"fantail/hub"
)

// BenchmarkEncode makes the frame of one short JSON message in each format but raw,
// whose frame is stored with the message. A message is encoded once for each format in
// use, however many clients there are.
func BenchmarkEncode(b *testing.B) {
	m := lastMessage(b, hub.Input{Key: "BTC-USD", Payload: []byte(tick(1_000))})
	at := func(seq uint64) hub.Position { return hub.Position{Epoch: "abcdefgh", Seq: seq} }
	encoders := newEncoders(at)
	for _, as := range []struct {
		name   string
		format format
	}{{"envelope", formatEnvelope}, {"sse", formatSSE}, {"ndjson", formatNDJSON}} {
		b.Run(as.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				encoders.plain[as.format].Encode(m)
			}
		})
	}
}

// BenchmarkDeflate compresses messages of some 100 bytes: in one context for all
// clients, which begins again after 512 messages, and each message alone.
// BenchmarkCompression does the same with recordings.
func BenchmarkDeflate(b *testing.B) {
	const epoch = 512
	var messages [epoch][]byte
	for i := range messages {
		messages[i] = []byte(tick(i))
	}
	for _, way := range []struct {
		name         string
		level, epoch int
	}{{"shared", sharedLevel, epoch}, {"alone", aloneLevel, 1}} {
		b.Run(way.name, func(b *testing.B) {
			w, n := newFrameWriter(way.level), 0
			b.ReportAllocs()
			for b.Loop() {
				if n%way.epoch == 0 {
					w.w.Reset(&w.out)
				}
				w.frame(hub.Text, messages[n%epoch])
				n++
			}
		})
	}
}
