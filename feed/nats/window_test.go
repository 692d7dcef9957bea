package nats

import (
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"fantail/feed/internal/broker"
)

// TestWindow: nothing is read while messages wait and the credit is used up.
func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		var waiting, read atomic.Int64
		w := newWindow(broker.NewLink(ours), func() int { return int(waiting.Load()) })
		waiting.Store(1)
		go func() { // ended by closing the window
			buf := make([]byte, 4096)
			for {
				n, err := w.Read(buf)
				if read.Add(int64(n)); err != nil {
					return
				}
			}
		}()
		go theirs.Write(make([]byte, 4*windowBytes)) // ended by closing the pipe
		synctest.Wait()
		if n := read.Load(); n < windowBytes || n > windowBytes+4096 {
			t.Errorf("%d bytes were read ahead", n)
		}
		w.empty() // an old token: messages wait again
		synctest.Wait()
		if n := read.Load(); n > windowBytes+4096 {
			t.Errorf("%d bytes were read ahead of waiting messages", n)
		}
		waiting.Store(0)
		w.empty()
		synctest.Wait()
		if n := read.Load(); n != 4*windowBytes {
			t.Errorf("%d bytes were read once nothing waited", n)
		}
		w.Close()
		synctest.Wait()
	})
}
