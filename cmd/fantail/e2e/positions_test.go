//go:build unix

package e2e

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/cmd/fantail/internal/servetest"
	"fantail/hub/peertest"
)

// TestWishesOnTheWire makes every wrong request of a relay that holds messages 7 to 10 of
// ten, on every transport, and compares each answer with the promise: 400 and a sentence
// that names the fault. For a position that is gone it is 4410 on a raw WebSocket, and
// elsewhere a gap and all messages that are held.
func TestWishesOnTheWire(t *testing.T) {
	parallel(t)
	r, at := startRelayOfTen(t)
	epoch, _, _ := strings.Cut(at, "-")
	const all = "7 8 9 10"
	tests := []struct {
		name, query   string
		status        int    // of a refusal, else 0
		say           string // in its sentence
		raw, streamed string // what comes on /ws and on the others
	}{
		{"a position that is held", "since=" + epoch + "-8", 0, "", "9 10", "hello@8 9 10"},
		{"the oldest that can be resumed from", "since=" + epoch + "-6", 0, "", all, "hello@6 " + all},
		{"the newest", "since=" + at, 0, "", "", "hello@10"},
		{"too old", "since=" + epoch + "-3", 0, "", "4410 gone; oldest=" + epoch + "-6", "hello@3 gap@6=3 " + all},
		{"another epoch", "since=00000000-8", 0, "", "4410 gone; oldest=" + epoch + "-6", "hello@0 gap@6 " + all},
		{"in the future", "since=" + epoch + "-11", 0, "", "4410 gone; oldest=" + epoch + "-6", "hello@0 gap@6 " + all},
		{"the last of all futures", "since=" + epoch + "-18446744073709551615", 0, "", "4410 gone; oldest=" + epoch + "-6", "hello@0 gap@6 " + all},
		{"malformed", "since=yesterday", 400, `parameter since: not a position: "yesterday"; a position looks like`, "", ""},
		{"a sequence alone", "since=8", 400, `parameter since: not a position: "8"`, "", ""},
		{"an empty one", "since=", 400, "parameter since: not a position", "", ""},
		{"10 kB long", "since=" + strings.Repeat("k", 10_000), 400, `parameter since: not a position: "kkkk`, "", ""},
		{"an unknown parameter", "sinse=" + at, 400, `unknown parameter "sinse"; known are since, last`, "", ""},
		{"two places to begin", "last=1&since=" + at, 400, "give one of them", "", ""},
		{"last beyond the ring", "last=1000000", 0, "", all, "hello@6 " + all},
		{"last beyond any ring", "last=16777217", 400, "parameter last: \"16777217\" is not a number of messages from 1 to 16777216", "", ""},
		{"last of nothing", "last=0", 400, "parameter last", "", ""},
		{"a snapshot that is not kept", "snapshot=1", 400, "parameter snapshot: this relay keeps no snapshot", "", ""},
		{"a key of 8 kB", "key=" + strings.Repeat("k", 8<<10), 400, "parameter key: a key of 8192 bytes; keys have at most 1024", "", ""},
		{"a key of 1 MB", "key=" + strings.Repeat("k", 1<<20), 431, "Request Header Fields Too Large", "", ""},
	}
	for _, tt := range tests {
		for _, path := range []string{"/ws", "/ws fantail.v1", "/sse", "/stream"} {
			t.Run(tt.name+" "+path, func(t *testing.T) {
				want := tt.streamed
				if path == "/ws" {
					want = tt.raw
				}
				status, got := wish(t, r.Addr, path, tt.query, want)
				if status != tt.status || status != 0 && (!strings.Contains(got, tt.say) || len(got) > 300 || strings.Count(got, "\n") > 1) {
					t.Errorf("%d %.300q, want %d with %q", status, got, tt.status, tt.say)
				}
				if status == 0 && got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			})
		}
	}
}

// startRelayOfTen starts a relay that has seen ten messages and holds four. It
// returns the position after the last.
func startRelayOfTen(t *testing.T) (r *servetest.Relay, at string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ten.ndjson")
	var lines strings.Builder
	for i := range 10 {
		fmt.Fprintf(&lines, "%d\t{\"n\":%d}\n", 1_700_000_000_000_000_000+i, i+1)
	}
	cmdtest.WriteFile(t, file, lines.String())
	r = servetest.Start(t, "FANTAIL_SOURCE_URL=replay:"+file, "FANTAIL_RING_MESSAGES=4")
	peertest.Eventually(t, "ten messages have come", func() bool {
		resp, err := http.Get("http://" + r.Addr + "/stream")
		if err != nil {
			return false
		}
		resp.Body.Close()
		at = resp.Header.Get("Fantail-Position")
		return strings.HasSuffix(at, "-10")
	})
	return r, at
}

// wish asks for something and returns the status and body of a refusal, or 0 and
// the answer in words, up to the length of want. A server that refuses a long request
// does not wait until the client reads the reason, so the test asks again.
func wish(t *testing.T, addr, path, query, want string) (status int, got string) {
	t.Helper()
	for {
		status, got, err := wishOnce(t, addr, path, query, want)
		if !errors.Is(err, syscall.ECONNRESET) || len(query) < 16<<10 {
			if err != nil {
				t.Fatal(err)
			}
			return status, got
		}
	}
}

// wishOnce is wish on one connection; an error is one of the answer's head.
func wishOnce(t *testing.T, addr, path, query, want string) (status int, got string, err error) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(peertest.Patience))
	path, protocol, _ := strings.Cut(path, " ")
	request := "GET " + path + "?" + query + " HTTP/1.1\r\nHost: " + addr + "\r\n"
	if path == "/ws" {
		request += peertest.Handshake
	}
	if protocol != "" {
		request += "Sec-WebSocket-Protocol: " + protocol + "\r\n"
	}
	io.WriteString(c, request+"\r\n") // a server that refuses need not read all of it
	in := bufio.NewReader(c)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		return 0, "", err
	}
	next := func() (string, error) { return nextFrame(in) }
	switch {
	case resp.StatusCode >= 400:
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body), nil
	case resp.StatusCode == http.StatusOK:
		lines := bufio.NewReader(resp.Body)
		next = func() (string, error) { return nextLine(lines) }
	}
	for len(got) < len(want) {
		word, err := next()
		if err != nil {
			t.Fatalf("%v behind %q", err, got)
		}
		if !strings.HasPrefix(word, "source@") { // the recording is at its end
			got = strings.TrimPrefix(got+" "+word, " ")
		}
	}
	return 0, got, nil
}

// nextFrame returns the content of the server's next frame.
func nextFrame(in *bufio.Reader) (string, error) {
	first, payload, err := peertest.ReadFrame(in)
	if err == nil && first == 0x88 {
		return fmt.Sprintf("%d %s", binary.BigEndian.Uint16(payload), payload[2:]), nil
	}
	return inWords(payload), err
}

// nextLine returns the data of the next line that has some, of events or of lines.
func nextLine(in *bufio.Reader) (string, error) {
	for {
		line, err := in.ReadString('\n')
		line = strings.TrimPrefix(line, "data: ")
		if err != nil || strings.HasPrefix(line, "{") {
			return inWords([]byte(line)), err
		}
	}
}

// inWords tells a message as its number, and a notice as its word and place.
func inWords(line []byte) string {
	j := gjson.ParseBytes(line)
	_, seq, _ := strings.Cut(j.Get("pos").Str, "-")
	switch notice := j.Get("notice").Str; {
	case notice != "" && j.Get("missed").Exists():
		return fmt.Sprintf("%s@%s=%s", notice, seq, j.Get("missed").Raw)
	case notice != "":
		return notice + "@" + seq
	case j.Get("data").Exists():
		return j.Get("data.n").Raw
	}
	return j.Get("n").Raw
}
