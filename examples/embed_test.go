package examples

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestEmbed(t *testing.T) {
	p := launch(t, nil, build(t, "fantail/examples/embed"), "-listen", "127.0.0.1:0")
	address := p.find(`^(ws://\S+)\n`)
	c := dial(t, address)
	first := number(t, c.message())
	for want := first + 1; want < first+5; want++ {
		if got := number(t, c.message()); got != want {
			t.Fatalf("number %d behind %d", got, want-1)
		}
	}
	p.terminate()
	if code, reason := c.closing(); code != 1001 || !strings.HasPrefix(reason, "draining; resume=") {
		t.Errorf("closed with %d %q, want 1001 and a position", code, reason)
	}
	p.exited()
}

// The program relays a source as well.
func TestEmbedSource(t *testing.T) {
	p := launch(t, nil, build(t, "fantail/examples/embed"), "-listen", "127.0.0.1:0", "-source", "demo:")
	c := dial(t, p.find(`^(ws://\S+)\n`))
	if m := c.message(); !json.Valid([]byte(m)) {
		t.Errorf("message %q, want one of the demo's", m)
	}
	p.terminate()
	p.exited()
}

// number parses a message of the counter's.
func number(t *testing.T, message string) int {
	t.Helper()
	var m struct{ N int }
	if err := json.Unmarshal([]byte(message), &m); err != nil || m.N < 1 {
		t.Fatalf("message %q, %v; want a number", message, err)
	}
	return m.N
}
