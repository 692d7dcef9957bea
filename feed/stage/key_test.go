package stage

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

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
			k, err := NewKeyer(tt.spec)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := k.Key(hub.Text, []byte(tt.message)); err != nil || got != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// TestKeyOfBinary checks that paths are for text only, and that a regular expression takes
// any bytes.
func TestKeyOfBinary(t *testing.T) {
	for spec, want := range map[string]string{"id": "", "re:\x01(\\w+)": "room"} {
		k, err := NewKeyer(spec)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := k.Key(hub.Binary, []byte("{\"id\":\"x\"}\xff\x01room\x00")); err != nil || got != want {
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
		k, err := NewKeyer(tt.spec)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := k.Key(tt.kind, []byte(tt.message)); !errors.Is(err, errKey) || got != "" {
			t.Errorf("%s: got %.40q, %v", tt.spec, got, err)
		}
	}
}

func FuzzKey(f *testing.F) {
	f.Add("a.b:c", []byte(`{"a":{"b":"x"},"c":1}`))
	f.Add("@reverse|0", []byte(`[1,"x"]`))
	f.Add("a.#(b==1).c", []byte(`{"a":[{"b":1,"c":"x"}]}`))
	f.Add(`re:"s":"(\w+)"`, []byte(`{"s":"x"}`))
	f.Fuzz(func(t *testing.T, spec string, message []byte) {
		k, err := NewKeyer(spec)
		if err != nil || k == nil {
			return
		}
		before := string(message)
		key, err := k.Key(hub.Text, message)
		again, errAgain := k.Key(hub.Text, message)
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
