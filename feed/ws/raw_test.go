package ws_test

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fantail/feed"
	"fantail/feed/driver"
	"fantail/feed/internal/feedrun"
	"fantail/feed/internal/feedtest"
	"fantail/hub"
	"fantail/hub/nettest"
	"fantail/hub/peertest"
	"fantail/hub/websocket"
)

const deflateHeader = "Sec-WebSocket-Extensions: permessage-deflate\r\n"

// deflated returns a message's compressed payload (RFC 7692 section 7.2.1).
func deflated(text string) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestSpeed)
	io.WriteString(w, text)
	w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff"))
}

// TestU1WSPingUnanswered: a source that keeps the connection open and sends nothing is
// noticed.
func TestU1WSPingUnanswered(t *testing.T) {
	u := feedtest.ServeRaw(t, func(c *feedtest.RawConn) {
		c.Upgrade("")
		c.Write(websocket.AppendMessage(nil, hub.Text, []byte("a")))
		c.Swallow()
	})
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}, Dialling: feed.Dialling{Ping: 100 * time.Millisecond}})
	r.Sink.Wait(t, 2)
	r.Log.Wait(t, `"reason":"ping"`, "did not answer a ping")
}

// TestWSBytesAreASignOfLife: a pong may be late because a large message comes before it.
func TestWSBytesAreASignOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := nettest.NewPipes()
		feedtest.ServeRawAt(t, p, func(c *feedtest.RawConn) {
			c.Upgrade("")
			go c.Deaf() // takes the pings; ends with the connection
			for _, b := range websocket.AppendMessage(nil, hub.Text, bytes.Repeat([]byte("x"), 100)) {
				time.Sleep(12 * time.Millisecond)
				if _, err := c.Write([]byte{b}); err != nil {
					return // the client gave up
				}
			}
			time.Sleep(time.Minute)
		})
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "ws://source/"}, Dialling: feed.Dialling{Dial: p.Dial, Ping: 400 * time.Millisecond}}) // the message takes 1.2 s
		r.Sink.Wait(t, 1)
		if n := r.Stats().Reconnects[driver.ReasonPing]; n != 0 {
			t.Errorf("took a source that sends for dead")
		}
		r.Log.Wait(t, `"reason":"ping"`) // no pong comes after the message
	})
}

// TestU2WSUpgradeUnanswered: the end of Run ends an opening handshake.
func TestU2WSUpgradeUnanswered(t *testing.T) {
	asked := make(chan struct{}, 10)
	u := feedtest.ServeRaw(t, func(c *feedtest.RawConn) {
		http.ReadRequest(c.R)
		asked <- struct{}{}
		c.Deaf()
	})
	feedrun.EndsWithin(t, time.Second, func() *feedrun.Running {
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}})
		<-asked
		return r
	})
}

// TestU2WSHandshakeTimeout: a source takes the connection and says nothing, neither TLS nor
// HTTP.
func TestU2WSHandshakeTimeout(t *testing.T) {
	u := feedtest.ServeRaw(t, (*feedtest.RawConn).Deaf)
	for _, scheme := range []string{"ws", "wss"} {
		var err error
		for wait := 50 * time.Millisecond; wait < peertest.Patience; wait *= 2 {
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			_, err = openWSWithin(t, ctx, scheme+strings.TrimPrefix(u, "ws"), driver.Options{})
			cancel()
			if f, ok := errors.AsType[*driver.Failure](err); ok && f.Reason != driver.ReasonDial { // else the time was too short for a connection
				break
			}
		}
		feedtest.WantFailure(t, err, driver.ReasonHandshake, "did not finish the handshake within 10s")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 0) // not even a connection
	defer cancel()
	_, err := openWSWithin(t, ctx, u, driver.Options{})
	feedtest.WantFailure(t, err, driver.ReasonDial, "does not answer within 10s")
}

// TestWSDeafSourceDoesNotHoldUpTheEnd: the source never answers our close frame.
func TestWSDeafSourceDoesNotHoldUpTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := nettest.NewPipes()
		feedtest.ServeRawAt(t, p, func(c *feedtest.RawConn) {
			c.Upgrade("")
			c.Write(websocket.AppendMessage(nil, hub.Text, []byte("a")))
			c.Deaf()
		})
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: "ws://source/"}, Dialling: feed.Dialling{Dial: p.Dial}})
		r.Sink.Wait(t, 1)
		begin := time.Now()
		r.Stop()
		if took := time.Since(begin); took != driver.CloseTimeout {
			t.Errorf("leaving took %v, want %v", took, driver.CloseTimeout)
		}
	})
}

// TestWSFloodDoesNotHoldUpTheEnd: the source never stops sending, whatever we send.
func TestWSFloodDoesNotHoldUpTheEnd(t *testing.T) {
	frame := websocket.AppendMessage(nil, hub.Text, bytes.Repeat([]byte("x"), 1000))
	u := feedtest.ServeRaw(t, func(c *feedtest.RawConn) {
		c.Upgrade("")
		for {
			if _, err := c.Write(frame); err != nil {
				return
			}
		}
	})
	feedrun.EndsWithin(t, 2*driver.CloseTimeout, func() *feedrun.Running {
		r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}})
		r.Sink.Wait(t, 100)
		return r
	})
}

// TestWSCutMessageIsNotPublished: the end of the connection cuts a message short.
// TestCutMessage in hub/websocket tests the reader itself.
func TestWSCutMessageIsNotPublished(t *testing.T) {
	plain := websocket.AppendMessage(nil, hub.Text, []byte("a message that is cut"))
	packed := deflated("a message that is cut, a message that is cut")
	packed = append([]byte{0xC1, byte(len(packed))}, packed...) // FIN, RSV1, text
	tests := []struct {
		name, headers string
		frame         []byte
	}{
		{"plain, in the payload", "", plain[:len(plain)-3]},
		{"plain, behind the header", "", plain[:2]},
		{"plain, behind a fragment", "", append([]byte{0x01, 3}, "cut"...)}, // no FIN
		{"deflated", deflateHeader, packed[:len(packed)-3]},
		{"deflated, behind the header", deflateHeader, packed[:2]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var n atomic.Int32
			u := feedtest.ServeRaw(t, func(c *feedtest.RawConn) {
				c.Upgrade(tt.headers)
				if n.Add(1) == 1 {
					c.Write(tt.frame)
					return
				}
				c.Write(websocket.AppendMessage(nil, hub.Text, []byte("whole")))
				c.Swallow()
			})
			r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}})
			if got := r.Sink.Wait(t, 1)[0].Payload; got != "whole" {
				t.Errorf("published %q", got)
			}
			r.Log.Wait(t, `"reason":"lost"`, "in the middle of a message")
		})
	}
}

// TestWSLastMessageBeforeTheEndIsPublished: a message that is whole is published, although
// the connection ends right after it.
func TestWSLastMessageBeforeTheEndIsPublished(t *testing.T) {
	packed := deflated("the last message")
	packed = append([]byte{0xC1, byte(len(packed))}, packed...)
	for _, tt := range []struct {
		name, headers string
		frame         []byte
	}{
		{"plain", "", websocket.AppendMessage(nil, hub.Text, []byte("the last message"))},
		{"deflated", deflateHeader, packed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := feedtest.ServeRaw(t, func(c *feedtest.RawConn) {
				c.Upgrade(tt.headers)
				c.Write(tt.frame)
			})
			r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}})
			if got := r.Sink.Wait(t, 1)[0].Payload; got != "the last message" {
				t.Errorf("published %q", got)
			}
			r.Log.Wait(t, `"reason":"lost"`, "without a close frame")
		})
	}
}

// TestWSCloseInsideMessage: a close frame inside a compressed message ends the connection
// and nothing else. TestCloseInsideMessage in hub/websocket tests the reader itself.
func TestWSCloseInsideMessage(t *testing.T) {
	packed := deflated("a message that is broken off")
	u := feedtest.ServeRaw(t, func(c *feedtest.RawConn) {
		c.Upgrade(deflateHeader)
		c.Write(append([]byte{0x41, byte(len(packed))}, packed...)) // RSV1, text, no FIN
		c.Write(websocket.AppendClose(nil, 1001, "bye"))
		c.Swallow()
	})
	r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}})
	r.Log.Wait(t, `"reason":"lost"`, "broken off")
	if got := r.Sink.Messages(); len(got) != 0 {
		t.Errorf("published %v", got)
	}
}

// TestU3WSGarbage: broken frames, and extensions that were not asked for.
func TestU3WSGarbage(t *testing.T) {
	for name, frame := range map[string][]byte{
		"reserved opcode":   {0x83, 0},
		"reserved bit":      {0xF1, 0},
		"stray fragment":    {0x80, 0},
		"endless length":    {0x81, 127, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
		"large control":     {0x89, 126, 0, 200},
		"close of one byte": {0x88, 1, 0},
		"bad deflate":       {0xC1, 3, 0xFF, 0xFF, 0xFF},
	} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int32
			u := feedtest.ServeRaw(t, func(c *feedtest.RawConn) {
				c.Upgrade(deflateHeader)
				if n.Add(1) == 1 {
					c.Write(frame)
				} else {
					c.Write(websocket.AppendMessage(nil, hub.Text, []byte("good")))
				}
				c.Swallow()
			})
			r := feedrun.Start(t, feed.Config{Sources: feed.Sources{URL: u}, Dialling: feed.Dialling{Ping: 100 * time.Millisecond}})
			if got := r.Sink.Wait(t, 1)[0].Payload; got != "good" {
				t.Errorf("published %q", got)
			}
		})
	}
}

func TestU3WSUnknownExtensionParameter(t *testing.T) {
	u := feedtest.ServeRaw(t, func(c *feedtest.RawConn) {
		c.Upgrade("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=9\r\n")
	})
	_, err := openWS(t, u, driver.Options{})
	feedtest.WantFailure(t, err, driver.ReasonHandshake, "breaks the protocol", "client_max_window_bits")
}

// TestU2WSFlapsLeaveNothingBehind: a source drops each connection at once, and nothing of
// them is left. TestMain looks for their goroutines.
func TestU2WSFlapsLeaveNothingBehind(t *testing.T) {
	var open, most atomic.Int32
	u := feedtest.ServeRaw(t, func(c *feedtest.RawConn) {
		most.Store(max(most.Load(), open.Add(1)))
		c.Upgrade("")
		open.Add(-1)
	})
	for range 100 {
		s, err := openWS(t, u, driver.Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Next()
		feedtest.WantFailure(t, err, driver.ReasonLost)
		s.Close()
	}
	if most.Load() != 1 {
		t.Errorf("%d connections at once", most.Load())
	}
}
