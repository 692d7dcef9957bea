package redact

import (
	"strings"
	"testing"
)

func TestMaskURL(t *testing.T) {
	for in, want := range map[string]string{
		"wss://h:9443/stream?streams=btcusdt@depth/ethusdt@trade": "wss://h:9443/stream?streams=btcusdt@depth/ethusdt@trade",
		"wss://bob:hush@h/x": "wss://***@h/x",
		"wss://bob@h":        "wss://***@h",
		"wss://h/?symbol=A&api_key=hush&Token=hush":      "wss://h/?symbol=A&api_key=***&Token=***",
		"wss://h/?listenKey=hush&sig=hush&ticket=hush":   "wss://h/?listenKey=***&sig=***&ticket=***",
		"wss://h/ws/v3/0123456789abcdef0123456789abcdef": "wss://h/ws/v3/***",
		"wss://h/?0123456789abcdef0123456789abcdef":      "wss://h/?***",
		"wss://h/?x=0123456789abcdef0123456789abcdef":    "wss://h/?x=***",
		"wss://h:port/?token=hush":                       "wss://***",
		"replay:/tmp/a b.txt?speed=2":                    "replay:/tmp/a b.txt?speed=2",
		"stdin:":                                         "stdin:",
	} {
		if got := URL(in); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

func TestMaskText(t *testing.T) {
	for in, want := range map[string]string{
		`{"msg":"bad key abcDEF0123456789abcdef","x":1}`: `"{\"msg\":\"bad key ***\",\"x\":1}"`,
		"a\x1b[2J\nb":                `"a [2J b"`,
		strings.Repeat("word ", 500): `"` + strings.TrimSpace(strings.Repeat("word ", 40)) + ` "`,
	} {
		if got := Text([]byte(in)); got != want {
			t.Errorf("%.40q: got %s, want %s", in, got, want)
		}
	}
}

func TestMaskFrame(t *testing.T) {
	for in, want := range map[string]string{
		"ping":                      "ping",
		"PASS oauth:hush":           "PASS ***",
		"eyJhbGciOiJIUzI1NiJ9x0123": "***",
		`{"op":"auth","args":["hush",1,{"type":"x","secret":"hush"}],"n":null}`: `{"args":["***","***",{"secret":"***","type":"x"}],"n":"***","op":"auth"}`,
		`["1","1","hush","phx_join",{}]`:                                        `["***","***","***","***",{}]`,
		`{"op":{"x":"hush"}}`:                                                   `{"op":{"x":"***"}}`,
		`{"broken`:                                                              `{"broken`,
	} {
		if got := Frame(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}
