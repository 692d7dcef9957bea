package load

import (
	"runtime"
	"testing"
	"time"

	"fantail/hub"
	"fantail/hub/websocket"
)

// BenchmarkEngines sends a message to each of 500 clients and waits until all
// are counted, with each way of reading. cpu-ns/msg is the processor time of
// both sides, so the difference is the cost of the readers.
func BenchmarkEngines(b *testing.B) {
	b.Run("best", func(b *testing.B) { benchEngine(b, newEngine()) })
	b.Run("goroutines", func(b *testing.B) { benchEngine(b, newGoroutines()) })
}

func benchEngine(b *testing.B, e engine) {
	const clients = 500
	t := openTally()
	frame := websocket.AppendMessage(nil, hub.Text, make([]byte, 200))
	var servers []interface{ Write([]byte) (int, error) }
	for i := range clients {
		near, far, err := loopback()
		if err != nil {
			b.Fatal(err)
		}
		defer near.Close()
		servers = append(servers, near)
		if err := e.add(i, far, &client{tally: t}, nil); err != nil {
			b.Fatal(err)
		}
	}
	began, known := CPU()
	want := int64(0)
	for b.Loop() {
		for _, s := range servers {
			if _, err := s.Write(frame); err != nil {
				b.Fatal(err)
			}
		}
		for want += clients; t.messages.Load() < want; {
			runtime.Gosched()
			time.Sleep(50 * time.Microsecond)
		}
	}
	if now, _ := CPU(); known {
		b.ReportMetric(float64((now-began).Nanoseconds())/float64(want), "cpu-ns/msg")
	}
	e.close()
}
