package feed

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"

	"fantail/hub"
)

func TestKey(t *testing.T) {
	const kraken = `[336,{"a":[["60000.1","0.5","1700000000.1"]],"c":"1"},"book-10","XBT/USD"]`
	tests := []struct{ name, spec, message, want string }{
		{"one path", "stream", `{"stream":"btcusdt@trade","data":{"s":"BTCUSDT"}}`, "btcusdt@trade"},
		{"nested", "data.s", `{"stream":"btcusdt@trade","data":{"s":"BTCUSDT"}}`, "BTCUSDT"},
		{"two paths", "arg.channel:arg.instId", `{"arg":{"channel":"books","instId":"BTC-USDT"},"data":[]}`, "books:BTC-USDT"},
		{"two of three paths", "a:b:c", `{"c":"z","a":"x"}`, "x::z"},
		{"type and product", "product_id:type", `{"type":"l2update","product_id":"SKL-USD"}`, "SKL-USD:l2update"},
		{"none of the paths", "arg.channel:arg.instId", `{"event":"error"}`, ""},
		{"last of an array", "@reverse|0", kraken, "XBT/USD"},
		{"last but one", "@reverse|1", kraken, "book-10"},
		{"no array where one is wanted", "@reverse|0", `{"event":"heartbeat"}`, ""},
		{"list's first", "table:data.0.symbol", `{"table":"quote","action":"insert","data":[{"symbol":"XBTUSD"}]}`, "quote:XBTUSD"},
		{"empty list", "table:data.0.symbol", `{"table":"quote","data":[]}`, "quote:"},
		{"query", "trades.#(side==buy).sym", `{"trades":[{"side":"sell","sym":"A"},{"side":"buy","sym":"B"}]}`, "B"},
		{"number keeps its digits", "id", `{"id":12345678901234567890.10}`, "12345678901234567890.10"},
		{"boolean", "live", `{"live":true}`, "true"},
		{"null", "id", `{"id":null}`, ""},
		{"empty string", "id", `{"id":""}`, ""},
		{"object as it stands", "id", `{"id":{"a": 1}}`, `{"a": 1}`},
		{"array as it stands", "id", `{"id":[1, 2]}`, `[1, 2]`},
		{"escapes", "id", `{"id":"a\u00e9\n\""}`, "aé\n\""},
		{"colon in a name", `a\:b:c`, `{"a:b":"x","c":"y"}`, "x:y"},
		{"dot in a name", `a\.b`, `{"a.b":"x"}`, "x"},
		{"name that starts as a modifier", "@type", `{"@type":"x"}`, "x"},
		{"white space in front", "id", " \t\r\n{\"id\":\"x\"}", "x"},
		{"not JSON", "id", `id{"id":"x"}`, ""},
		{"a string alone", "@this", `"x"`, ""},
		{"nothing", "id", ``, ""},
		{"cut short", "id", `{"id":"x","rest`, "x"},
		{"as long as may be", "id", `{"id":"` + strings.Repeat("k", hub.MaxKey) + `"}`, strings.Repeat("k", hub.MaxKey)},
		{"regexp", `re:^(?:@\S+ )?:\S+ [A-Z]+ (#\S+)`, "@id=1 :a!a@a.host PRIVMSG #room :hello #other\r\n", "#room"},
		{"regexp does not match", `re:^(?:@\S+ )?:\S+ [A-Z]+ (#\S+)`, "PING :host", ""},
		{"group does not take part", `re:a|(b)`, "a", ""},
		{"group is empty", `re:a(b*)`, "a", ""},
		{"regexp over JSON", `re:"s":"(\w+)"`, `{"s":"XBT"}`, "XBT"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, err := newKeyer(tt.spec)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := k.key(hub.Text, []byte(tt.message)); err != nil || got != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// TestKeyOfBinary: paths are for text; a regular expression takes any bytes.
func TestKeyOfBinary(t *testing.T) {
	for spec, want := range map[string]string{"id": "", "re:\x01(\\w+)": "room"} {
		k, err := newKeyer(spec)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := k.key(hub.Binary, []byte("{\"id\":\"x\"}\xff\x01room\x00")); err != nil || got != want {
			t.Errorf("%q: got %q, %v; want %q", spec, got, err, want)
		}
	}
}

func TestKeyThatCannotBeUsed(t *testing.T) {
	long := strings.Repeat("k", hub.MaxKey+1)
	for _, tt := range []struct {
		spec, message string
		kind          hub.Kind
	}{
		{"id", `{"id":"` + long + `"}`, hub.Text},
		{"id", `{"id":["` + long + `"]}`, hub.Text},
		{"a:b", `{"a":"` + long[:hub.MaxKey] + `"}`, hub.Text},
		{`re:^(.*)$`, long, hub.Text},
		{`re:(?s)^(.*)$`, "\xff", hub.Binary},
	} {
		k, err := newKeyer(tt.spec)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := k.key(tt.kind, []byte(tt.message)); !errors.Is(err, errKey) || got != "" {
			t.Errorf("%s: got %.40q, %v", tt.spec, got, err)
		}
	}
}

func TestKeySpecsRefused(t *testing.T) {
	for spec, want := range map[string]string{
		":":                              "path 1, \"\", is empty",
		"a:":                             "path 2, \"\", is empty",
		"a::b":                           "path 2, \"\", is empty",
		"a: b":                           "spaces around it",
		"a.":                             "ends in a separator",
		"|a":                             "starts or ends in a separator",
		"a.#(b==1":                       "a query without its end",
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
		_, err := New(Config{Sources: Sources{URL: "demo:"}, Messages: Messages{Key: spec}}, newSink(), zerolog.Nop())
		if err == nil || !strings.Contains(err.Error(), "Config.Messages.Key ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: got %v, want %q in it", spec, err, want)
		}
	}
}

// TestKeysReachThePublisher: without a Config.Key those of the driver, with one
// none but its own.
func TestKeysReachThePublisher(t *testing.T) {
	for spec, want := range map[string]string{"": "DEMO-", "type": "", "nothing": ""} {
		r := start(t, Config{Sources: Sources{URL: "demo:?rate=1000"}, Messages: Messages{Key: spec}})
		if !r.HasKeys() {
			t.Errorf("Config.Key %q: has no keys", spec)
		}
		r.sink.wait(t, 20)
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		for i, key := range r.sink.keys {
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
	if without, err := New(Config{Sources: Sources{URL: "replay:" + file}}, newSink(), zerolog.Nop()); err != nil || without.HasKeys() {
		t.Errorf("a recording has keys of its own, %v", err)
	}
	r := start(t, Config{Sources: Sources{URL: "replay:" + file}, Messages: Messages{Key: "k"}})
	r.sink.wait(t, 3)
	if err := r.stop(); err != nil || r.Stats().BadKeys != 2 || r.Stats().Messages != 3 {
		t.Errorf("%v, %+v", err, r.Stats())
	}
	if r.sink.keys[0] != "" || r.sink.keys[1] != "" || r.sink.keys[2] != "x" {
		t.Errorf("keys %.20q", r.sink.keys)
	}
	r.log.wait(t, "messages go without key", "Config.Messages.Key")
}

// TestKeysOfRecordings counts the keys of the recorded feeds in the folder that
// TEST_FEEDS names.
func TestKeysOfRecordings(t *testing.T) {
	dir := os.Getenv("TEST_FEEDS")
	if dir == "" {
		t.Skip("NOT CHECKED: the keys of recorded feeds; set TEST_FEEDS to their folder")
	}
	for _, tt := range []struct {
		file, spec      string
		keys, unlabeled int // unlabeled is -1 where it does not matter
	}{
		{"binance-usdm-burst-2024-08-08.ndjson", "stream", 3, 0},
		{"binance-spot-2024-08-08.ndjson", "stream", 6, 0},
		{"coinbase-exchange-2021-04-17.ndjson", "product_id", 10, -1},
		{"kraken-v1-book-2021-04-17.ndjson", "@reverse|0", 10, 42},
		{"bybit-inverse-2021-04-17.ndjson", "topic", 4, -1},
		{"okx-v5-2022-05-13.ndjson", "arg.channel:arg.instId", 9, 0},
		{"bitstamp-2022-01-05.ndjson", "channel", 20, 0},
		{"twitch-irc-2019-09-15.txt", `re:^(?:@\S+ )?:\S+ \S+ (#\S+)`, 1, 0},
	} {
		k, err := newKeyer(tt.spec)
		if err != nil {
			t.Fatal(err)
		}
		found := make(map[string]int)
		recording, err := OpenRecording(filepath.Join(dir, tt.file))
		if err != nil {
			t.Fatal(err)
		}
		defer recording.Close()
		messages, err := readAll(recording)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			key, err := k.key(m.kind, []byte(m.payload))
			if err != nil {
				t.Errorf("%s: %v", tt.file, err)
			}
			found[key]++
		}
		unlabeled := found[""]
		delete(found, "")
		if len(found) != tt.keys || tt.unlabeled >= 0 && unlabeled != tt.unlabeled {
			t.Errorf("%s: %d keys and %d messages without, want %d and %d: %v", tt.file, len(found), unlabeled, tt.keys, tt.unlabeled, found)
		}
	}
}

func FuzzKey(f *testing.F) {
	f.Add("a.b:c", []byte(`{"a":{"b":"x"},"c":1}`))
	f.Add("@reverse|0", []byte(`[1,"x"]`))
	f.Add("a.#(b==1).c", []byte(`{"a":[{"b":1,"c":"x"}]}`))
	f.Add(`re:"s":"(\w+)"`, []byte(`{"s":"x"}`))
	f.Fuzz(func(t *testing.T, spec string, message []byte) {
		k, err := newKeyer(spec)
		if err != nil || k == nil {
			return
		}
		before := string(message)
		key, err := k.key(hub.Text, message)
		again, errAgain := k.key(hub.Text, message)
		switch {
		case key != again || err != errAgain:
			t.Errorf("%q of %q is %q, %v and then %q, %v", spec, message, key, err, again, errAgain)
		case len(key) > hub.MaxKey || !utf8.ValidString(key) || err != nil && key != "":
			t.Errorf("%q of %q is %q, %v", spec, message, key, err)
		case string(message) != before:
			t.Errorf("%q changed %q to %q", spec, before, message)
		}
	})
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
