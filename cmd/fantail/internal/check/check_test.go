//go:build unix

package check

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/cmd/fantail/internal/text"
	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/nettest"
	"fantail/hub/websocket"
)

// answering serves plain HTTP with one status.
func answering(t *testing.T, status int) string {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "who are you?", status) }))
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

// gush sends a thousand messages at once, and is a chatter from there on: a feed
// that is fast however short it is watched.
func gush(text string) func(*websocket.Conn) {
	return func(c *websocket.Conn) {
		for range 1000 {
			c.Write(context.Background(), hub.Text, []byte(text))
		}
		cmdtest.Chatter(hub.Text, text)(c)
	}
}

// login greets, and sends its messages to a client that answers.
func login(c *websocket.Conn) {
	ctx := context.Background()
	c.Write(ctx, hub.Text, []byte("hello my name"))
	for _, text := range []string{"PING :x\r\ndata\r\n", ""} {
		if _, r, err := c.Reader(ctx); err == nil {
			io.Copy(io.Discard, r)
			c.Write(ctx, hub.Text, []byte(text))
		}
	}
	c.Discard(ctx)
}

func silence(c *websocket.Conn) { c.Discard(context.Background()) }

// TestCheck tries every kind of source on real sockets.
func TestCheck(t *testing.T) {
	_, securePort, _ := net.SplitHostPort(cmdtest.ServeSource(t, true, silence))
	file := filepath.Join(t.TempDir(), "feed.txt")
	cmdtest.WriteFile(t, file, "1\ta\n2\tb\n")
	secret := filepath.Join(t.TempDir(), "secret")
	cmdtest.WriteFile(t, secret, `["my password"]`)
	tests := []struct {
		name string
		env  []string
		code int
		want []string // the first of a source that speaks says that it was heard
	}{
		{"nothing listens", []string{"FANTAIL_SOURCE_URL=ws://" + nettest.FreeAddr(t)}, 1,
			[]string{"FAIL tcp", "refuses connections; check host and port in FANTAIL_SOURCE_URL"}},
		{"no such name", []string{"FANTAIL_SOURCE_URL=wss://nowhere.invalid/"}, 1,
			[]string{"FAIL name", "nowhere.invalid"}},
		{"TLS name mismatch", []string{"FANTAIL_SOURCE_URL=wss://localhost:" + securePort}, 1,
			[]string{"ok name", "ok tcp", "FAIL tls", "use one of them as host in FANTAIL_SOURCE_URL", "example.com"}},
		{"unknown authority", []string{"FANTAIL_SOURCE_URL=wss://127.0.0.1:" + securePort}, 1,
			[]string{"FAIL tls", "SSL_CERT_FILE"}},
		{"401", []string{"FANTAIL_SOURCE_URL=ws://" + answering(t, 401)}, 1,
			[]string{"ok tcp", "FAIL handshake", "401 Unauthorized", "who are you?", "FANTAIL_SOURCE_HEADERS"}},
		{"no WebSocket", []string{"FANTAIL_SOURCE_URL=ws://" + answering(t, 200)}, 1,
			[]string{"FAIL handshake", "no WebSocket endpoint"}},
		{"silent", []string{"FANTAIL_SOURCE_URL=ws://" + cmdtest.ServeSource(t, false, silence)}, 0,
			[]string{"warn message none came", "ok handshake 101 Switching Protocols, no subprotocol, permessage-deflate", "FANTAIL_SOURCE_SEND", "-for 1m", "can be used"}},
		{"silent after a subscription", []string{"FANTAIL_SOURCE_URL=ws://" + cmdtest.ServeSource(t, false, silence), "FANTAIL_SOURCE_SEND=@" + secret}, 0,
			[]string{"FANTAIL_SOURCE_SEND @" + secret, "ok send 1 sent", "may not have understood"}},
		{"good", []string{"FANTAIL_SOURCE_URL=ws://" + cmdtest.ServeSource(t, false, cmdtest.Chatter(hub.Text, "{\"price\":1}\x1b[2J"))}, 0,
			[]string{"ok message text, 15 B", `{"price":1}\x1b[2J`, "messages/s", "the largest message has 15 B", "ok ring", "The source is good."}},
		{"binary", []string{"FANTAIL_SOURCE_URL=ws://" + cmdtest.ServeSource(t, false, cmdtest.Chatter(hub.Binary, "\x00\xff"))}, 0,
			[]string{"ok message binary, 2 B", "The source is good."}},
		{"not UTF-8", []string{"FANTAIL_SOURCE_URL=ws://" + cmdtest.ServeSource(t, false, cmdtest.Chatter(hub.Text, "\xff"))}, 0,
			[]string{"warn dropped", "warn message none came", "not UTF-8"}},
		{"large", []string{"FANTAIL_SOURCE_MAX_MESSAGE=1000", "FANTAIL_SOURCE_URL=ws://" + cmdtest.ServeSource(t, false, cmdtest.Chatter(hub.Text, strings.Repeat("x", 600)))}, 0,
			[]string{"xxx…", "warn size", "FANTAIL_SOURCE_MAX_MESSAGE"}},
		{"small ring", []string{"FANTAIL_RING_MESSAGES=16", "FANTAIL_SOURCE_URL=ws://" + cmdtest.ServeSource(t, false, gush("x"))}, 0,
			[]string{"warn ring holds ", "FANTAIL_STALL_TIMEOUT (10s); raise FANTAIL_RING_MESSAGES"}},
		{"closes", []string{"FANTAIL_SOURCE_URL=ws://" + cmdtest.ServeSource(t, false, func(c *websocket.Conn) { c.Close(1008, "log in first") })}, 1,
			[]string{"FAIL message none: the source closed the connection with 1008: log in first", "FANTAIL_SOURCE_HEADERS"}},
		{"rules", []string{"FANTAIL_SOURCE_URL=ws://" + cmdtest.ServeSource(t, false, login), "FANTAIL_SOURCE_SPLIT=lines",
			`FANTAIL_SOURCE_RULES=[{"match":"^hello","do":"reply","send":{"op":"auth","key":"my password"}},{"match":"^PING (.*)","do":"reply","send":"PONG $1"},{"match":"^never","do":"drop"}]`}, 0,
			[]string{"ok message text, 4 B", "FANTAIL_SOURCE_RULES (hidden)", `ok rule 1 matched a message: reply {"key":"***","op":"auth"}`,
				"ok rule 2 matched a message: reply PONG ***", "ok rule 3 matched nothing so far (drop)", "2 messages were kept from the clients"}},
		{"fatal", []string{"FANTAIL_SOURCE_URL=ws://" + cmdtest.ServeSource(t, false, login), `FANTAIL_SOURCE_RULES=[{"match":"^hello","do":"fatal"}]`}, 1,
			[]string{`FAIL message none: rule 1 of FANTAIL_SOURCE_RULES ("^hello") says that this answer of the source is fatal: "hello my name"`, "ok rule 1 matched a message: fatal"}},
		{"recording", []string{"FANTAIL_SOURCE_URL=replay:" + file}, 0, []string{"then the source ended", "ok open the recording", "2 messages, 2 B"}},
		{"demo", nil, 0, []string{`{"demo":true,`, "FANTAIL_SOURCE_URL demo: (default)", "ok open demo data", "The source is good."}},
		{"two problems", []string{"FANTAIL_RING_MESSAGES=-1", "FANTAIL_LISSEN=:1", "FANTAIL_SOURCE_URL=wss://h/?token=x"}, 2,
			[]string{"FANTAIL_RING_MESSAGES -1", "2 problems", "FANTAIL_RING_MESSAGES=-1: too small", "did you mean FANTAIL_LISTEN?", "wss://(hidden)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cmdtest.Setenv(t, tt.env...)
			var code int
			var out, errs, said string
			cmdtest.LongEnough(func(window string) bool {
				code, out, errs = cmdtest.Run(t, Command(), "-for", window)
				said = strings.Join(strings.Fields(out+errs), " ")
				return strings.Contains(said, tt.want[0])
			})
			if code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			for _, want := range tt.want {
				if !strings.Contains(said, want) {
					t.Errorf("lacks %q", want)
				}
			}
			if strings.Contains(said, "password") || strings.ContainsAny(out, "\x1b\x00") {
				t.Error("shows a secret or a control character")
			}
			if code == 2 && strings.Contains(out, "\nSource") {
				t.Error("tried a source with a wrong configuration")
			}
			for line := range strings.Lines(out) {
				if strings.HasPrefix(line, "  ok") && utf8.RuneCountInString(line) > text.Width+1 {
					t.Errorf("a long line: %s", line)
				}
			}
			if t.Failed() || testing.Verbose() {
				t.Logf("\n%s%s", out, errs)
			}
		})
	}
}

func TestCheckInterrupted(t *testing.T) {
	cmdtest.Setenv(t, "FANTAIL_SOURCE_URL=demo:")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out strings.Builder
	if err := check(ctx, &out, time.Hour); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("got %v\n%s", err, out.String())
	}
}

// TestCheckWarnsOfTheCertificatesEnd: a good certificate that ends soon is one
// line to look at.
func TestCheckWarnsOfTheCertificatesEnd(t *testing.T) {
	for left, want := range map[time.Duration]int{13 * 24 * time.Hour: 1, 15 * 24 * time.Hour: 0} {
		var out strings.Builder
		r := &checkReport{out: &out}
		r.step(driver.Step{Kind: driver.StepTLS, Detail: "TLS 1.3", Expires: time.Now().Add(left)}, "wss://h")
		if r.warnings != want || !strings.Contains(out.String(), "TLS 1.3") {
			t.Errorf("%v left: %d warnings, %s", left, r.warnings, out.String())
		}
	}
}
