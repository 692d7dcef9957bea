package load

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"fantail/hub"
	"fantail/hub/websocket"
)

// deflated returns a function that makes compressed frames, each after those before.
func deflated(t *testing.T) func(payload string) []byte {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, 6)
	if err != nil {
		t.Fatal(err)
	}
	return func(payload string) []byte {
		out.Reset()
		w.Write([]byte(payload))
		w.Flush()
		return websocket.AppendCompressed(nil, hub.Text, bytes.TrimSuffix(out.Bytes(), []byte("\x00\x00\xff\xff")))
	}
}

// Compressed messages and plain ones between them, in pieces of any size: each is
// looked into as it is.
func TestClientInflates(t *testing.T) {
	c := &client{tally: openTally(), sample: &sample{timePath: "t", seqPath: "q"}, scan: Scanner{Compressed: true}}
	press, rnd := deflated(t), rand.New(rand.NewPCG(1, 2))
	var stream []byte
	plain, came := 0, 0
	for q := range 300 {
		payload := fmt.Sprintf(`{"t":%d,"q":%d,"pad":%q}`, time.Now().UnixNano(), q+1, strings.Repeat("ab", rnd.IntN(800)))
		plain += len(payload)
		before := len(stream)
		if q%10 == 0 {
			stream = websocket.AppendMessage(stream, hub.Text, []byte(payload))
		} else {
			stream = append(stream, press(payload)...)
		}
		came += len(stream) - before
	}
	for len(stream) > 0 {
		n := min(len(stream), 1+rnd.IntN(900))
		if _, err := c.take(stream[:n]); err != nil {
			t.Fatal(err)
		}
		stream = stream[n:]
	}
	got := sum([]*tally{c.tally})
	if got.messages != 300 || got.compressed != 270 || got.gaps+got.repeats+got.untimed != 0 || got.sequenced != 300 || got.inflated != int64(plain) || got.came >= int64(came) {
		t.Errorf("%+v of %d bytes that came as %d", got, plain, came)
	}
	if r := compression(true, got); r.Ratio < 3 || compression(false, got) != nil {
		t.Errorf("%+v", r)
	}
}

// What does not inflate ends the connection, and so does what inflates to too much.
func TestClientRefusesWhatDoesNotInflate(t *testing.T) {
	press := deflated(t)
	press("a context that the client does not have")
	for name, frame := range map[string][]byte{
		"noise":           websocket.AppendCompressed(nil, hub.Text, []byte("\xff\xff\xff\xff")),
		"another context": press("a context that the client does not have"),
		"a bomb":          deflated(t)(strings.Repeat("x", maxSampled+1)),
	} {
		c := &client{tally: openTally(), sample: &sample{}, scan: Scanner{Compressed: true}}
		if _, err := c.take(frame); !errors.Is(err, errInflate) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The reserved bit is allowed in the first frame of a message, if it was agreed on.
func TestScannerCompressed(t *testing.T) {
	for first, allowed := range map[byte]bool{0xC1: true, 0xC2: true, 0xC9: false, 0xC0: false, 0xE1: false, 0xA1: false} {
		for _, agreed := range []bool{true, false} {
			s := Scanner{Compressed: agreed}
			c, _, ok, err := s.Next([]byte{first, 1, 'x'})
			if want := allowed && agreed; ok != want || (err == nil) != want || c.Compressed != want {
				t.Errorf("%x, agreed on %v: %+v, %v, %v", first, agreed, c, ok, err)
			}
		}
	}
}

func TestCheckExtensions(t *testing.T) {
	for _, tt := range []struct {
		answer  string
		offered bool
		good    bool
	}{
		{"", false, true},
		{"", true, false},
		{"permessage-deflate", false, false},
		{"permessage-deflate", true, true},
		{"permessage-deflate; client_no_context_takeover; server_no_context_takeover", true, true},
		{"permessage-deflate; client_max_window_bits=9", true, false},
		{"x-webkit-deflate-frame", true, false},
	} {
		if err := checkExtensions(tt.answer, tt.offered); (err == nil) != tt.good {
			t.Errorf("%q, offered %v: %v", tt.answer, tt.offered, err)
		}
	}
}
