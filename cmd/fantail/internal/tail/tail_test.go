package tail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fantail/cmd/fantail/internal/cli"
	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/feed"
	"fantail/hub"
)

func TestMessagePrinter(t *testing.T) {
	text, binary := hub.Input{Payload: []byte("a\x1b[31m\r\nb")}, hub.Input{Kind: hub.Binary, Payload: []byte("\x00\n\xff")}
	tests := []struct {
		raw, terminal bool
		want          string
	}{
		{false, false, "a\x1b[31m\\r\\nb\n<binary 3 bytes>\n"},
		{false, true, "a\\x1b[31m\\r\\nb\n<binary 3 bytes>\n"},
		{true, false, "a\x1b[31m\r\nb\n\x00\n\xff\n"},
		{true, true, "a\\x1b[31m\\r\\nb\n\\x00\\n\\xff\n"},
	}
	for _, tt := range tests {
		var out bytes.Buffer
		p := messagePrinter{out: &out, raw: tt.raw, terminal: tt.terminal}
		for _, in := range []hub.Input{text, binary} {
			if err := p.print(in); err != nil {
				t.Fatal(err)
			}
		}
		if out.String() != tt.want {
			t.Errorf("raw %v, terminal %v: got %q, want %q", tt.raw, tt.terminal, out.String(), tt.want)
		}
	}
}

func TestDelays(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	var d delays
	for _, text := range []string{
		`{"demo":true,"t":1699999999990000000,"x":1}`, // 10 ms ago
		`{"t":1699999999970000000}`,                   // 30 ms ago
		`{"t":12345}`, `{"t":"x"}`, `{"t":99999999999999999999999999}`, `{"T":1699999999970000000}`, ``, `{"t":`,
	} {
		d.add(hub.Input{Time: now, Payload: []byte(text)})
	}
	if mean, ok := d.take(); !ok || mean != 20*time.Millisecond {
		t.Errorf("mean %v, %v", mean, ok)
	}
	if _, ok := d.take(); ok {
		t.Error("a delay was taken twice")
	}
}

// TestFiguresLine plays a feed that connects, is lost for 2.5 s, comes back, and
// is lost for less than a line's second.
func TestFiguresLine(t *testing.T) {
	at := time.Unix(1000, 0)
	p := figuresPrinter{at: at}
	stats := func(connected bool, messages, bytes uint64, outage time.Duration) feed.Stats {
		return feed.Stats{Connected: connected, EverConnected: messages > 0, Messages: messages, Bytes: bytes, Outage: outage}
	}
	const second = time.Second
	for i, tt := range []struct {
		stats feed.Stats
		delay time.Duration
		want  string
	}{
		{stats(false, 0, 0, second), 0, "0 msg/s  0 B/s  total 0  not connected yet"},
		{stats(true, 2500, 2<<20, second), 1500 * time.Microsecond, "2,500 msg/s  2.0 MiB/s  total 2,500  latency 1.5ms  no gap"},
		{stats(false, 2500, 2<<20, 3*second/2), 0, "0 msg/s  0 B/s  total 2,500  away for 500ms"},
		{stats(false, 2500, 2<<20, 5*second/2), 0, "0 msg/s  0 B/s  total 2,500  away for 1.5s"},
		{stats(true, 2501, 2<<20, 7*second/2), 0, "1 msg/s  0 B/s  total 2,501  last gap 2.5s, 0s ago"},
		{stats(true, 2502, 2<<20, 7*second/2), 0, "1 msg/s  0 B/s  total 2,502  last gap 2.5s, 1s ago"},
		{stats(true, 2503, 2<<20, 7*second/2+20*time.Millisecond), 0, "1 msg/s  0 B/s  total 2,503  last gap 20ms, 0s ago"},
		{stats(false, 2503, 2<<20, 4*second+20*time.Millisecond), 0, "0 msg/s  0 B/s  total 2,503  away for 500ms"},
	} {
		var d delays
		if tt.delay > 0 {
			d.sum.Store(int64(tt.delay))
			d.count.Store(1)
		}
		at = at.Add(second)
		if got := p.line(at, tt.stats, &d); got != tt.want {
			t.Errorf("line %d: got %s, want %s", i, got, tt.want)
		}
	}
}

func TestTailPrints(t *testing.T) {
	cmdtest.Setenv(t)
	file := cmdtest.Record(t, 0, cmdtest.Text("one"), cmdtest.Binary("\x00"), cmdtest.Text("two\r\n"))
	for _, tt := range []struct{ flags, out string }{
		{"", "one\n<binary 1 bytes>\ntwo\\r\\n\n"},
		{"-n 1", "one\n"},
		{"-raw", "one\n\x00\ntwo\r\n\n"},
	} {
		code, out, errs := cmdtest.Run(t, Command(), append([]string{"replay:" + file}, strings.Fields(tt.flags)...)...)
		if code != 0 || out != tt.out || !strings.Contains(errs, " messages, ") || strings.Contains(errs, "\x1b") {
			t.Errorf("%s: exit code %d, %q, %q", tt.flags, code, out, errs)
		}
	}
}

// TestTailLogIsForPeople: units, the URL as the user gave it, and no colours in
// a file.
func TestTailLogIsForPeople(t *testing.T) {
	for source, want := range map[bool]string{
		false: `WRN source is away error="check the URL" retry_in=1.5s` + "\n",
		true:  `WRN source is away error="check FANTAIL_SOURCE_URL" retry_in=1.5s` + "\n",
	} {
		var errs bytes.Buffer
		log := tailLog(cli.Stdio{Out: io.Discard, Err: &errs}, tailOptions{source: source})
		log.Warn().Str("component", "feed").Str("source", "ws://h").Err(errors.New("check FANTAIL_SOURCE_URL")).
			Dur("retry_in", 1500*time.Millisecond).Msg("source is away")
		if !strings.HasSuffix(errs.String(), want) || strings.Contains(errs.String(), "\x1b") {
			t.Errorf("got %q, want %q", errs.String(), want)
		}
	}
}

func TestTailRecordOverwritesNothing(t *testing.T) {
	cmdtest.Setenv(t)
	source := "replay:" + cmdtest.Record(t, 0, cmdtest.Text("new"))
	file := filepath.Join(t.TempDir(), "old.txt")
	cmdtest.WriteFile(t, file, "old")
	if code, _, errs := cmdtest.Run(t, Command(), source, "-record", file); code != 1 || !strings.Contains(errs, "overwrite it with -force") {
		t.Errorf("exit code %d, %q", code, errs)
	}
	if text, _ := os.ReadFile(file); string(text) != "old" {
		t.Errorf("the file holds %q", text)
	}
	if code, _, errs := cmdtest.Run(t, Command(), source, "-record", file, "-force"); code != 0 || !strings.Contains(errs, "recorded in "+file) {
		t.Errorf("exit code %d, %q", code, errs)
	}
	if text, _ := os.ReadFile(file); !strings.HasPrefix(string(text), "#fantail 1\n") || !strings.HasSuffix(string(text), "\tt\tnew\n") {
		t.Errorf("the file holds %q", text)
	}
	if code, _, errs := cmdtest.Run(t, Command(), source, "-record", t.TempDir()+"/no/such"); code != 1 || !strings.Contains(errs, "-record") {
		t.Errorf("exit code %d, %q", code, errs)
	}
}

func TestTailTarget(t *testing.T) {
	tests := []struct {
		env, operands []string
		source        bool
		want          string
		anyName       bool // of the certificate
	}{
		{nil, nil, false, "ws://127.0.0.1:8080/ws", false},
		{[]string{"FANTAIL_LISTEN=[::]:90", "FANTAIL_TLS_CERT=x"}, nil, false, "wss://[::1]:90/ws", true},
		{[]string{"FANTAIL_LISTEN=relay.example:443", "FANTAIL_TLS_CERT=x"}, nil, false, "wss://relay.example:443/ws", false},
		{nil, []string{"wss://h/"}, false, "wss://h/", false},
		{[]string{`FANTAIL_SOURCE_HEADERS={"A":"secret"}`}, []string{"ws://other/"}, false, "ws://other/", false},
		{[]string{"FANTAIL_SOURCE_URL=ws://s/", `FANTAIL_SOURCE_HEADERS={"A":"b"}`}, nil, true, "ws://s/", false},
	}
	for _, tt := range tests {
		cmdtest.Setenv(t, tt.env...)
		cfg, err := tailTarget(tt.operands, tt.source)
		if err != nil || cfg.Sources.URL != tt.want || (cfg.Dialling.TLS != nil && cfg.Dialling.TLS.InsecureSkipVerify) != tt.anyName {
			t.Errorf("%v %v: got %s, %v", tt.env, tt.operands, cfg.Sources.URL, err)
		}
		if got := cfg.Dialling.Headers != nil; got != tt.source {
			t.Errorf("%v %v: sends headers: %v", tt.env, tt.operands, got)
		}
	}
	for _, env := range []string{"FANTAIL_LISTEN=x", "FANTAIL_SOURCE_MAX_MESSAGE=x"} {
		cmdtest.Setenv(t, env)
		if _, err := tailTarget(nil, false); cli.ExitCode(err) != 2 {
			t.Errorf("%s: %v", env, err)
		}
	}
}

// failingWriter fails after some writes.
type failingWriter struct {
	left int
	err  error
}

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.left == 0 {
		return 0, w.err
	}
	w.left--
	return len(p), nil
}

// TestTailOutputFails: an error of the output is told, unless it is that nobody
// reads any more.
func TestTailOutputFails(t *testing.T) {
	full := errors.New("disk full")
	for _, tt := range []struct {
		err   error
		stats bool
		want  error
	}{{full, false, full}, {full, true, full}, {fmt.Errorf("write: %w", syscall.EPIPE), false, nil}, {syscall.EPIPE, true, nil}} {
		t.Run(fmt.Sprintf("%v, stats %v", tt.err, tt.stats), func(t *testing.T) {
			t.Parallel()
			var errs bytes.Buffer
			err := runTail(t.Context(), feed.Config{Sources: feed.Sources{URL: "demo:?rate=1000"}}, tailOptions{stats: tt.stats}, cli.Stdio{Out: &failingWriter{1, tt.err}, Err: &errs})
			if !errors.Is(err, tt.want) || strings.Contains(errs.String(), "messages, ") {
				t.Errorf("%v, stats %v: got %v, %q", tt.err, tt.stats, err, errs.String())
			}
		})
	}
}
