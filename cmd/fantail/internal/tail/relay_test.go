package tail

import (
	"bytes"
	"flag"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"fantail/cmd/fantail/internal/cli"
	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/feed"
	"fantail/feed/driver"
	"fantail/hub/fantailv1"
)

func TestTailQuery(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"ws://h/ws", "ws://h/ws"},
		{"-since k3v9q2mx-5 ws://h/ws", "ws://h/ws?since=k3v9q2mx-5"},
		{"-last 5 -key a -key b* -policy skip wss://h/ws?token=t", "wss://h/ws?key=a&key=b%2A&last=5&policy=skip&token=t"},
		{"-snapshot ws://h/", "ws://h/?snapshot=1"},
		{"-snapshot=false ws://h/", "ws://h/"},
		{"-last 5 -snapshot ws://h/", "-since, -last and -snapshot each say where to begin"},
		{"-last 0 ws://h/", "write a number of messages above 0"},
		{"-since 5 ws://h/", "not a position"},
		{"-policy wait ws://h/", "write evict, skip or conflate"},
		{"-key a demo:", "are for relays"},
		{"-key a -source", "are for relays"},
	} {
		cmdtest.Setenv(t)
		got, err := targetOf(strings.Fields(tt.args))
		switch {
		case err != nil && (cli.ExitCode(err) != 2 || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v, want %s", tt.args, err, tt.want)
		case err == nil && got != tt.want:
			t.Errorf("%s: %s, want %s", tt.args, got, tt.want)
		}
	}
}

// targetOf returns the URL that a command line of fantail tail dials.
func targetOf(args []string) (address string, err error) {
	flags := flag.NewFlagSet("tail", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	o := tailOptions{query: askRelay(flags)}
	flags.BoolVar(&o.source, "source", false, "")
	operands, err := cli.ParseArgs(flags, args)
	if err != nil {
		return "", cli.Misuse(err)
	}
	cfg, err := tailTarget(operands, o.source)
	if err == nil {
		err = o.ask(&cfg)
	}
	return cfg.Sources.URL, err
}

func TestNotices(t *testing.T) {
	for want, n := range map[string]fantailv1.Notice{
		"WRN gap: 120 messages missed\n":                                                   {Kind: "gap", Missed: 120},
		"WRN gap: 1 message missed\n":                                                      {Kind: "gap", Missed: 1},
		"WRN gap: at least 1,200 messages missed\n":                                        {Kind: "gap", Missed: 1200, AtLeast: true},
		"WRN gap: an unknown number of messages missed\n":                                  {Kind: "gap", Unknown: true},
		"WRN gap: 9 messages missed; the newest message of each key takes their place\n":   {Kind: "gap", Missed: 9, Conflated: true},
		"WRN the relay's source is away\n":                                                 {Kind: "source"},
		"INF the relay's source is back after 1.5s; the messages of the outage are lost\n": {Kind: "source", Up: true, Outage: 1500 * time.Millisecond},
		"INF the relay is draining\n":                                                      {Kind: "draining"},
		"":                                                                                 {Kind: "heartbeat"},
	} {
		var errs bytes.Buffer
		o := tailOptions{query: url.Values{}}
		tl := &tailer{log: tailLog(cli.Stdio{Out: io.Discard, Err: &errs}, o)}
		tl.notice(n)
		if !strings.HasSuffix(errs.String(), want) || want == "" && errs.Len() > 0 {
			t.Errorf("%+v: %q, want %q", n, errs.String(), want)
		}
	}
}

func TestSummaryTellsGaps(t *testing.T) {
	tl := &tailer{messages: 10}
	if got := tl.summary(feed.Stats{}, time.Second, "f"); !strings.HasSuffix(got, "; recorded in f") {
		t.Error(got)
	}
	tl.gaps.add(fantailv1.Notice{Kind: "gap", Missed: 100})
	tl.gaps.add(fantailv1.Notice{Kind: "gap", Missed: 20, AtLeast: true})
	want := "; 2 gaps, at least 120 messages missed; recorded in f, which lacks the missed messages; at k3v9q2mx-9"
	if got := tl.summary(feed.Stats{Position: "k3v9q2mx-9"}, time.Second, "f"); !strings.HasSuffix(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
	tl.gaps = gaps{} // a source that cannot be resumed
	lost := feed.Stats{EverConnected: true, Reconnects: map[driver.Reason]uint64{driver.ReasonLost: 1}}
	if got := tl.summary(lost, time.Second, "f"); !strings.HasSuffix(got, "recorded in f, which lacks the missed messages") {
		t.Error(got)
	}
}
