package bench

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"fantail/cmd/fantail/internal/bench/load"
	"fantail/cmd/fantail/internal/cli"
	"fantail/cmd/fantail/internal/text"
)

// benchFlags are the flags of fantail bench.
type benchFlags struct {
	load load.Config
	json bool

	envelope, sse bool
	filters       int

	selftest bool
	rounds   int
	source   benchSource
	sweep    string
	svg      string
}

// headers is a flag that may be given several times, with one header each.
type headers struct{ h http.Header }

func (h headers) String() string { return "" }

func (h headers) Set(text string) error {
	name, value, ok := strings.Cut(text, ":")
	if !ok || strings.TrimSpace(name) == "" || strings.ContainsAny(text, "\r\n") {
		return errors.New("write it as 'Name: value'")
	}
	h.h.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	return nil
}

// texts is a flag that may be given several times, such as -send.
type texts struct{ list *[]string }

func (t texts) String() string { return "" }

func (t texts) Set(text string) error {
	*t.list = append(*t.list, text)
	return nil
}

// Command is the row of fantail bench.
func Command() cli.Command {
	return cli.Command{
		Name:     "bench",
		Operands: []string{"[URL]"},
		About:    "Load a WebSocket endpoint with thousands of clients",
		Detail: "It connects clients to any WebSocket endpoint. It reports deliveries, latency\n" +
			"from the send time in the messages, gaps in their sequence, closes by code,\n" +
			"and whether the benchmark itself was the bottleneck. On the loopback interface\n" +
			"it takes further source addresses when the ports of one run out.\n\n" +
			"With -selftest it starts a source and, in turn, this relay and a floor: a\n" +
			"program that does one bare send for each client. All run on this machine. It\n" +
			"prints the cost of the relay beside the cost of the floor.",
		Examples: []string{
			"fantail bench ws://localhost:8080/ws", "load a relay with 1,000 clients",
			"fantail bench -envelope -storm ws://localhost:8080/ws", "cut all clients at once and have them resume",
			"fantail bench -stalled 50 ws://localhost:8080/ws", "have half of the clients never read",
			"fantail bench -selftest -clients 5000", "compare the relay with the floor on this machine",
			"fantail bench -selftest -sweep rate -svg rate.svg", "draw the cost of a delivery",
		},
		Setup: setupBench,
	}
}

// setupBench registers the flags of fantail bench.
func setupBench(flags *flag.FlagSet) cli.Runner {
	b := &benchFlags{load: load.Config{Header: http.Header{}}}
	c := &b.load
	flags.IntVar(&c.Clients, "clients", 1000, "open `N` connections")
	flags.Float64Var(&c.ConnectRate, "connect-rate", 500, "open `N` connections a second; a self-test opens at least 2000")
	flags.DurationVar(&c.Duration, "duration", 10*time.Second, "measure for `TIME`; a point of a sweep takes at most TIME")
	flags.DurationVar(&c.Warm, "warm", 2*time.Second, "wait for `TIME` after the last connection before measuring")
	flags.IntVar(&c.Stalled, "stalled", 0, "let `PERCENT` of the clients never read")
	flags.IntVar(&c.Sample, "sample", 64, "read the messages of `N` clients; the messages of the others are only counted")
	flags.StringVar(&c.PathTime, "path-time", defaultPathTime, "the send time is at `PATH` in the message, such as data.0.ts: s, ms, µs or ns since 1970, or RFC 3339")
	flags.StringVar(&c.PathSeq, "path-seq", defaultPathSeq, "a sequence that rises by one is at `PATH` in the message")
	flags.BoolVar(&b.envelope, "envelope", false, "ask for envelopes (fantail.v1); their time gives the latency, their positions give the sequence")
	flags.BoolVar(&b.sse, "sse", false, "read Server-Sent Events, such as http://localhost:8080/sse; their ids give the sequence")
	flags.BoolVar(&c.Compress, "compress", false, "offer permessage-deflate, and inflate the messages of the sample")
	flags.BoolVar(&c.Storm, "storm", false, "after measuring, cut all clients and have them resume at once; needs -envelope or -sse")
	flags.Var(headers{c.Header}, "header", "send `'NAME: VALUE'` with each handshake; may be given several times")
	flags.Var(texts{&c.Send}, "send", "send `TEXT` after connecting, such as a subscription; may be given several times")
	flags.BoolVar(&c.Insecure, "insecure", false, "accept any certificate")
	flags.BoolVar(&b.json, "json", false, "print one JSON object instead of a table")
	flags.BoolVar(&b.selftest, "selftest", false, "measure this relay beside a floor of bare sends on this machine, instead of a URL; with -envelope or -sse beside its own raw messages")
	flags.IntVar(&b.filters, "filters", 0, "compare clients that each ask for one of `N` keys with clients that get everything, at the same deliveries/s, in a self-test")
	flags.IntVar(&b.rounds, "rounds", 3, "run the two sides of a self-test in turn, `N` times")
	flags.Float64Var(&b.source.rate, "rate", 20, "send `N` messages a second to each client of a self-test")
	flags.IntVar(&b.source.size, "size", 200, "send messages of `BYTES` from the source of a self-test")
	flags.StringVar(&b.sweep, "sweep", "", "run a self-test at each point of `AXIS`: clients (at 10 messages/s) or rate (with 500 clients)")
	flags.StringVar(&b.svg, "svg", "", "draw the sweep into `FILE`")
	return b.run
}

// run runs the benchmark of the flags.
func (b *benchFlags) run(ctx context.Context, operands []string, std cli.Stdio) error {
	if b.load.URL = "ws://127.0.0.1/"; len(operands) > 0 { // a self-test knows its URL later
		b.load.URL = operands[0]
	}
	b.setFormat()
	if err := errors.Join(b.check(operands), b.load.Check()); err != nil {
		return cli.Misuse(err)
	}
	if b.load.Progress = showProgress(std.Err); b.load.Progress != nil {
		defer endProgress(std.Err)
	}
	switch {
	case b.sweep != "":
		return b.runSweep(ctx, sweepAxis(b.sweep), std.Out)
	case b.selftest:
		return b.runSelftest(ctx, std.Out)
	}
	r, err := load.Run(ctx, b.load)
	if err != nil {
		return err
	}
	return b.print(std.Out, r, func(w io.Writer) error { return printBench(w, r) })
}

// setFormat sets the format, and where it has time and sequence unless the flags say
// so. If a client asks for some keys only, positions have holes and are no sequence.
func (b *benchFlags) setFormat() {
	c := &b.load
	switch {
	case b.envelope:
		c.Format = load.Envelope
		if c.PathTime == defaultPathTime {
			c.PathTime = "time"
		}
	case b.sse:
		c.Format = load.SSE
	default:
		return
	}
	if c.PathSeq == defaultPathSeq {
		c.PathSeq = "pos"
	}
	if u, err := url.Parse(c.URL); err == nil && u.Query().Has("key") && c.PathSeq == "pos" {
		c.PathSeq = ""
	}
}

// Paths of time and sequence in the demo feed and in the source of a self-test.
const (
	defaultPathTime = "t"
	defaultPathSeq  = "q"
)

// check returns an error for flags that do not go together.
func (b *benchFlags) check(operands []string) error {
	switch {
	case b.selftest && len(operands) > 0:
		return errors.New("-selftest measures a relay of its own; leave out the URL")
	case !b.selftest && len(operands) == 0:
		return errors.New("there is nothing to measure; write fantail bench URL or fantail bench -selftest")
	case b.envelope && b.sse:
		return errors.New("-envelope and -sse are two formats; choose one")
	case b.selftest && b.load.Compress:
		return errors.New("-compress needs a URL, because the floor of a self-test does not compress")
	case b.sweep != "" && !b.selftest:
		return errors.New("-sweep is for -selftest; add that")
	case b.svg != "" && b.sweep == "":
		return errors.New("-svg draws a sweep; add -sweep clients or -sweep rate")
	case b.sweep != "" && len(sweepAxis(b.sweep).values) == 0:
		return fmt.Errorf("there is no axis %s; choose clients or rate", text.Quote(b.sweep))
	case b.selftest && (b.rounds < 1 || b.rounds > 100):
		return fmt.Errorf("-rounds %d is out of bounds; choose 1 to 100", b.rounds)
	case b.selftest && !(b.source.rate > 0 && b.source.rate <= maxBenchRate):
		return fmt.Errorf("-rate %v is out of bounds; choose more than 0, at most %g", b.source.rate, maxBenchRate)
	case b.selftest && (b.source.size < minBenchSize || b.source.size > 256<<10):
		return fmt.Errorf("-size %d is out of bounds; choose %d to %d", b.source.size, minBenchSize, 256<<10)
	case b.selftest && b.load.Stalled != 0:
		return errors.New("-stalled needs a URL, because the floor of a self-test drops a client that does not read")
	}
	return b.checkSubjects()
}

// print writes v as JSON or as a table.
func (b *benchFlags) print(w io.Writer, v any, table func(io.Writer) error) error {
	if !b.json {
		return table(w)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
