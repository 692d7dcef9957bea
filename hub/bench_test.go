package hub

import (
	"fmt"
	"sync"
	"testing"
)

var benchReaders = []int{1, 100, 1_000, 10_000}

func benchHub(b *testing.B) *fixture {
	f := still(b, Config{Ring: RingSize{Bytes: 32 << 20}})
	f.say(1000, 200)
	return f
}

func BenchmarkPublish(b *testing.B) {
	f, in := benchHub(b), Input{Payload: testPayload(1, 200)}
	b.ReportAllocs()
	for b.Loop() {
		f.Publish(in)
	}
}

func BenchmarkEncode(b *testing.B) {
	for name, lane := range map[string]Format{"shared": &testFormat{}, "own": &testFormat{other: true}} {
		b.Run(name, func(b *testing.B) {
			f := benchHub(b)
			m := f.ring.newest()
			b.ReportAllocs()
			for b.Loop() {
				lane.Encode(m)
			}
		})
	}
}

// BenchmarkPass publishes one message and takes it to every client: divide by
// their number for the cost of a delivery besides the system call.
func BenchmarkPass(b *testing.B) {
	for _, n := range benchReaders {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f, in := benchHub(b), Input{Payload: testPayload(1, 200)}
			for range n {
				f.enter(nullConn{}, f.Live())
			}
			f.pumps[0].round()
			for b.Loop() {
				f.Publish(in)
				f.pumps[0].round()
			}
			perDelivery(b, n)
		})
	}
}

// BenchmarkLagging is BenchmarkPass with every client at one of 50 places.
func BenchmarkLagging(b *testing.B) {
	for _, n := range benchReaders {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f := benchHub(b)
			var clients []*Client
			for range n {
				clients = append(clients, f.enter(nullConn{}, f.Live()))
			}
			p := f.pumps[0]
			p.round()
			for b.Loop() {
				for i, c := range clients {
					c.cursor.Store(f.ring.head.Load() - uint64(i%50))
				}
				p.seen = 0
				p.round()
			}
			perDelivery(b, n)
		})
	}
}

// BenchmarkChannelPerClient is the usual way, for comparison: a goroutine and a
// channel for each client.
func BenchmarkChannelPerClient(b *testing.B) {
	for _, n := range benchReaders {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			payload := testPayload(1, 200)
			var wrote, ended sync.WaitGroup
			channels := make([]chan []byte, n)
			for i := range channels {
				c := make(chan []byte, 16) // closed below
				channels[i] = c
				ended.Go(func() { // ends when its channel is closed
					for p := range c {
						nullConn{}.TryWrite(p)
						wrote.Done()
					}
				})
			}
			for b.Loop() {
				frame := append(testHeader(nil, Text, len(payload)), payload...)
				wrote.Add(n)
				for _, c := range channels {
					c <- frame
				}
				wrote.Wait()
			}
			for _, c := range channels {
				close(c)
			}
			ended.Wait()
			perDelivery(b, n)
		})
	}
}

func perDelivery(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/delivery")
}
