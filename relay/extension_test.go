package relay

import (
	"net/http"
	"strings"
	"testing"

	"fantail/hub"
)

const agreedPlainly = "permessage-deflate; client_no_context_takeover"

// negotiations are offers and their answers on the wire; "400" is a refusal. RFC 7692 section 7.1.
var negotiations = []struct{ name, offer, answer string }{
	{"bare", "permessage-deflate", agreedPlainly},
	{"a browser's", "permessage-deflate; client_max_window_bits", agreedPlainly},
	{"in capitals", "Permessage-Deflate", agreedPlainly},
	{"client_max_window_bits with a value", "permessage-deflate; client_max_window_bits=10", agreedPlainly},
	{"client_max_window_bits too small", "permessage-deflate; client_max_window_bits=7", ""},
	{"client_max_window_bits too large", "permessage-deflate; client_max_window_bits=16", ""},
	{"client_max_window_bits with a zero", "permessage-deflate; client_max_window_bits=08", ""},
	{"client_no_context_takeover", "permessage-deflate; client_no_context_takeover", agreedPlainly},
	{"client_no_context_takeover with a value", "permessage-deflate; client_no_context_takeover=1", ""},
	{"server_no_context_takeover", "permessage-deflate; server_no_context_takeover", agreedPlainly + "; server_no_context_takeover"},
	{"server_no_context_takeover with a value", "permessage-deflate; server_no_context_takeover=true", ""},
	{"the whole window", "permessage-deflate; server_max_window_bits=15", agreedPlainly + "; server_max_window_bits=15"},
	{"the whole window, quoted", `permessage-deflate; server_max_window_bits="15"`, agreedPlainly + "; server_max_window_bits=15"},
	{"the whole window and no context", "permessage-deflate; server_max_window_bits=15; server_no_context_takeover",
		agreedPlainly + "; server_no_context_takeover; server_max_window_bits=15"},
	{"a smaller window", "permessage-deflate; server_max_window_bits=14", ""},
	{"a window without a size", "permessage-deflate; server_max_window_bits", ""},
	{"a smaller window, or none", "permessage-deflate; server_max_window_bits=10, permessage-deflate", agreedPlainly},
	{"two that can be had", "permessage-deflate; server_no_context_takeover, permessage-deflate", agreedPlainly + "; server_no_context_takeover"},
	{"behind another extension", "x-webkit-deflate-frame, permessage-deflate", agreedPlainly},
	{"empty elements", ", ,permessage-deflate,", agreedPlainly},
	{"an unknown parameter", "permessage-deflate; level=9", ""},
	{"a parameter twice", "permessage-deflate; client_max_window_bits; client_max_window_bits", ""},
	{"another extension", "x-webkit-deflate-frame", ""},
	{"nothing", "", ""},
	{"no name", "; client_max_window_bits", "400"},
	{"no parameter", "permessage-deflate;", "400"},
	{"no value", "permessage-deflate; server_max_window_bits=", "400"},
	{"two names", "permessage deflate", "400"},
	{"an open quote", `permessage-deflate; server_max_window_bits="15`, "400"},
	{"a quoted word that is no token", `permessage-deflate; server_max_window_bits="1 5"`, "400"},
}

func TestNegotiation(t *testing.T) {
	_, _, addr := newTestRelay(t, hub.Config{}, Config{Delivery: Delivery{Compression: true}})
	for _, tt := range negotiations {
		t.Run(tt.name, func(t *testing.T) {
			p := dial(t, addr, "/ws", handshake+"Sec-WebSocket-Extensions: "+tt.offer+"\r\n", "")
			got := p.header.Get("Sec-WebSocket-Extensions")
			if p.status == 400 && strings.Contains(p.body, "Sec-WebSocket-Extensions") {
				got = "400"
			}
			if got != tt.answer || p.status != 101 && p.status != 400 {
				t.Errorf("%d, %q %q, want %q", p.status, got, p.body, tt.answer)
			}
		})
	}
}

// Offers in several lines are one list.
func TestNegotiationOverLines(t *testing.T) {
	got, ok := negotiate(http.Header{"Sec-Websocket-Extensions": {"permessage-deflate; server_max_window_bits=9", "permessage-deflate; server_no_context_takeover"}})
	if !ok || !got.noContext {
		t.Errorf("%+v, %v", got, ok)
	}
}

func TestNegotiationTurnedOff(t *testing.T) {
	_, _, addr := newTestRelay(t, hub.Config{}, Config{})
	p := dial(t, addr, "/ws", handshake+"Sec-WebSocket-Extensions: permessage-deflate\r\n", "")
	if got := p.header.Get("Sec-WebSocket-Extensions"); p.status != 101 || got != "" {
		t.Errorf("%d, agreed on %q", p.status, got)
	}
}

func TestNegotiationWithBrowsers(t *testing.T) {
	_, _, addr := newTestRelay(t, hub.Config{}, Config{Delivery: Delivery{Compression: true}})
	const mac, apple = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ", "AppleWebKit/605.1.15 (KHTML, like Gecko) "
	for agent, compressed := range map[string]bool{
		mac + apple + "Version/15.4 Safari/605.1.15":                                                       false,
		"Mozilla/5.0 (iPhone; CPU iPhone OS 15_1 like Mac OS X) " + apple + "CriOS/96.0 Mobile Safari/604": false,
		"Mozilla/5.0 (iPad; CPU OS 15_6 like Mac OS X) " + apple + "Version/15.6 Mobile Safari/604.1":      false,
		mac + apple + "Version/16.1 Safari/605.1.15":                                                       true,
		mac + "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/115.0.0.0 Safari/537.36":                      true,
		"Mozilla/5.0 (X11; Linux x86_64; rv:15.0) Gecko/20100101 Firefox/15.0":                             true,
		"": true,
	} {
		p := dial(t, addr, "/ws", handshake+"User-Agent: "+agent+"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n", "")
		if got := p.header.Get("Sec-WebSocket-Extensions"); (got != "") != compressed {
			t.Errorf("%s: agreed on %q", agent, got)
		}
	}
}

// FuzzNegotiate: with all offers, the agreed parameters are among those offered, and the
// library agrees on the same.
func FuzzNegotiate(f *testing.F) {
	for _, n := range negotiations {
		f.Add(n.offer)
	}
	f.Add(strings.Repeat("permessage-deflate; server_max_window_bits=8,", 40))
	f.Add(`permessage-deflate; server_max_window_bits="\1\5"`)
	f.Fuzz(func(t *testing.T, header string) {
		got, ok := negotiate(http.Header{"Sec-Websocket-Extensions": {header}})
		switch lower := strings.ToLower(header); {
		case !got.compress && got != deflateParams{}, !ok && got.compress:
			t.Errorf("%q: %+v, %v", header, got, ok)
		case got.compress && !strings.Contains(lower, deflateName),
			got.noContext && !strings.Contains(header, "server_no_context_takeover"),
			got.fullWindow && !strings.Contains(header, "server_max_window_bits"):
			t.Errorf("%q: agreed on %q", header, got.answer())
		}
		if again, _ := negotiate(http.Header{"Sec-Websocket-Extensions": {got.answer()}}); again != got {
			t.Errorf("%q: the answer %q is not understood by ourselves", header, got.answer())
		}
	})
}
