package dial

import (
	"bytes"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/websocket"
)

// masked4 turns a server's frame into a client's: with the mask bit and a key.
func masked4(frame []byte) []byte {
	h, _ := websocket.ParseHeader(frame)
	out := append([]byte{frame[0], frame[1] | 0x80}, frame[2:h.Size]...)
	return append(append(out, 1, 2, 3, 4), frame[h.Size:]...)
}

func TestControlFramesAreCounted(t *testing.T) {
	data := func(n int) []byte {
		return masked4(websocket.AppendMessage(nil, hub.Text, bytes.Repeat([]byte{0x89}, n)))
	}
	ping, pong := masked4([]byte{0x89, 2, 'a', 'b'}), masked4([]byte{0x8A, 0})
	goodbye := masked4(websocket.AppendClose(nil, 1000, "x"))
	all := bytes.Join([][]byte{ping, data(0), data(125), pong, data(126), data(70_000), pong, goodbye}, nil)
	for _, piece := range []int{1, 2, 3, 7, 1000, len(all)} {
		var c controls
		n := 0
		for rest := all; len(rest) > 0; {
			k := min(piece, len(rest))
			n += c.count(rest[:k])
			rest = rest[k:]
		}
		if n != 4 {
			t.Errorf("in pieces of %d: %d control frames, want 4", piece, n)
		}
	}
}

type nowhere struct{ io.ReadWriteCloser }

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

// TestControlFramesHoldUpForABoundedTime: a flood of pongs does not stop the frames of this connection
// and the next one.
func TestControlFramesHoldUpForABoundedTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := driver.Rate{Count: 1, Per: time.Second}.Limiter()
		one := &Tap{ReadWriteCloser: nowhere{}, limit: limit}
		for range 1000 {
			one.Write(masked4([]byte{0x8A, 0}))
		}
		if d := limit.Reserve().Delay(); d < (maxDebt-1)*time.Second || d > (maxDebt+2)*time.Second {
			t.Errorf("the next frame waits %v", d)
		}
	})
}

// FuzzControls checks that the count does not depend on how the bytes are cut.
func FuzzControls(f *testing.F) {
	f.Add([]byte{0x8A, 0x80, 1, 2, 3, 4, 0x81, 0xFE, 0, 200, 9, 9, 9, 9}, 3)
	f.Fuzz(func(t *testing.T, p []byte, cut int) {
		var whole, parts controls
		cut = min(max(cut, 0), len(p))
		if a, b := whole.count(p), parts.count(p[:cut])+parts.count(p[cut:]); a != b {
			t.Errorf("%d in one piece, %d in two", a, b)
		}
	})
}
