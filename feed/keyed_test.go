package feed

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/internal/feedtest"
	"fantail/hub"
)

// TestKeysReachThePublisher: without a Config.Key those of the driver, with one
// none but its own.
func TestKeysReachThePublisher(t *testing.T) {
	for spec, want := range map[string]string{"": "DEMO-", "type": "", "nothing": ""} {
		r := start(t, Config{Sources: Sources{URL: "demo:?rate=1000"}, Messages: Messages{Key: spec}})
		if !r.HasKeys() {
			t.Errorf("Config.Key %q: has no keys", spec)
		}
		r.sink.Wait(t, 20)
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		for i, key := range r.sink.Keys {
			types := key == "trade" || key == "quote"
			if spec == "" && !strings.HasPrefix(key, want) || spec == "type" && !types || spec == "nothing" && key != "" {
				t.Fatalf("Config.Key %q: message %d has key %q", spec, i, key)
			}
		}
	}
}

// TestBadKeysAreCounted: the messages come all the same, and the log tells.
func TestBadKeysAreCounted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "long.txt")
	line := "0\t{\"k\":\"" + strings.Repeat("k", hub.MaxKey+1) + "\"}\n"
	if err := os.WriteFile(file, []byte(line+line+"0\t{\"k\":\"x\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if without, err := New(Config{Sources: Sources{URL: "replay:" + file}}, feedtest.NewSink(), zerolog.Nop()); err != nil || without.HasKeys() {
		t.Errorf("a recording has keys of its own, %v", err)
	}
	r := start(t, Config{Sources: Sources{URL: "replay:" + file}, Messages: Messages{Key: "k"}})
	r.sink.Wait(t, 3)
	if err := r.stop(); err != nil || r.Stats().BadKeys != 2 || r.Stats().Messages != 3 {
		t.Errorf("%v, %+v", err, r.Stats())
	}
	if r.sink.Keys[0] != "" || r.sink.Keys[1] != "" || r.sink.Keys[2] != "x" {
		t.Errorf("keys %.20q", r.sink.Keys)
	}
	r.log.Wait(t, "messages have no key", "Config.Messages.Key")
}

// BenchmarkKey is what a key costs a message of 180 bytes; off is nothing.
func BenchmarkKey(b *testing.B) {
	message := []byte(`{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":5123126362789,"s":"BTCUSDT","b":"61663.00","B":"3.415","a":"61663.10","A":"2.724","T":1723161496332,"E":1723161496332}}`)
	for _, spec := range []string{"", "stream", "data.E", "data.s:data.e", `re:"s":"(\w+)"`} {
		b.Run("spec="+spec, func(b *testing.B) {
			f, err := New(Config{Sources: Sources{URL: "demo:"}, Messages: Messages{Key: spec}}, discard{}, zerolog.Nop())
			if err != nil {
				b.Fatal(err)
			}
			in, now := hub.Input{Payload: message}, time.Now()
			b.ReportAllocs()
			for b.Loop() {
				f.sources[0].publish(now, &in)
			}
		})
	}
}

func TestKeySpecsRefused(t *testing.T) {
	for spec, want := range map[string]string{
		":":                              "path 1, \"\", is empty",
		"a:":                             "path 2, \"\", is empty",
		"a::b":                           "path 2, \"\", is empty",
		"a: b":                           "spaces around it",
		"a.":                             "ends with a separator",
		"|a":                             "starts or ends with a separator",
		"a.#(b==1":                       "a query that does not end",
		`!"x"`:                           "a constant",
		"\xff":                           "not UTF-8",
		"re:":                            "0 groups",
		"re:a":                           "0 groups",
		"re:(a)(b)":                      "2 groups; put ( ) around the key alone",
		"re:(":                           "no Go regular expression behind re: error parsing regexp: missing closing )",
		strings.Repeat("a", 5000):        "has 5000 bytes; write at most 4096",
		"a" + strings.Repeat(":a", 16):   "has 17 paths; write at most 16",
		"re:(" + strings.Repeat("a", 70): "missing closing )",
	} {
		_, err := New(Config{Sources: Sources{URL: "demo:"}, Messages: Messages{Key: spec}}, feedtest.NewSink(), zerolog.Nop())
		if err == nil || !strings.Contains(err.Error(), "Config.Messages.Key ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: got %v, want %q in it", spec, err, want)
		}
	}
}
