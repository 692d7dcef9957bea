package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// command is one row of the table of subcommands.
type command struct {
	name     string
	operands []string // what follows the name, such as FILE; [URL] may be left out
	about    string   // one line
	detail   string   // some more, for its own help
	examples []string // pairs of a command line and what it does
	setup    func(*flag.FlagSet) runner
}

// runner runs a command once its flags are parsed, with its operands. It ends
// soon after ctx is cancelled.
type runner func(ctx context.Context, operands []string, std stdio) error

// stdio is what a command may write to.
type stdio struct{ out, err io.Writer }

// commands is the table of subcommands; the first is the default.
func commands() []command {
	return []command{
		{
			name:   "serve",
			about:  "Relay the source to every client (the default)",
			detail: "It is configured by environment variables alone; fantail -h lists them.",
			examples: []string{
				"fantail", "a demo feed at ws://localhost:8080/ws",
				"FANTAIL_SOURCE_URL=wss://example.com/feed fantail", "a feed of your own",
			},
			setup: plain(runServe),
		},
		{
			name:  "check",
			about: "Check the configuration and try the source",
			detail: "It prints the configuration without its secrets, and everything that is wrong\n" +
				"with it at once. Then it connects to the source once, as the relay would, tells\n" +
				"each step (name, TCP, TLS, handshake, what is sent, the first message), and\n" +
				"measures the feed. A step that fails says what to change. A running relay is\n" +
				"left alone; but some sources allow one connection only.\n\n" +
				"Exit code: 0 the source can be used, 1 it cannot, 2 wrong configuration.",
			examples: []string{
				"fantail check", "the source that this environment names",
				"fantail check -for 1m", "a feed that is quiet at times",
			},
			setup: setupCheck,
		},
		{
			name:     "replay",
			operands: []string{"FILE"},
			about:    "Serve a recording as a WebSocket source",
			detail: "Each subscriber gets the recording from its first message, at the recording's\n" +
				"own pace. At its end the connection is closed with 1000.",
			examples: []string{
				"fantail replay feed.txt", "serve it at ws://127.0.0.1:9000/",
				"fantail replay -speed 10 -loop feed.txt", "ten times as fast, for ever",
			},
			setup: setupReplay,
		},
		{
			name:     "tail",
			operands: []string{"[URL]"},
			about:    "Print the messages of a feed, or record them",
			detail: "It prints the feed of the relay with this environment, or of any URL that\n" +
				"FANTAIL_SOURCE_URL may be, one message a line: a line break within a message is\n" +
				"printed as \\n, a binary message as <binary 1234 bytes>. What a terminal would\n" +
				"take for a command is printed as an escape.\n\n" +
				"A lost connection is made again, as long as it takes. A relay is resumed where\n" +
				"the tail stood: nothing comes twice, and nothing is lost that the relay still\n" +
				"holds. Standard error tells of that, of gaps, of the relay's source, and at\n" +
				"the end what came and the position for -since. With -stats there are figures\n" +
				"instead: rates, the total, the latency of messages with a \"t\" in ns since\n" +
				"1970, and the last gap in the connection.",
			examples: []string{
				"fantail tail", "the relay at FANTAIL_LISTEN",
				"fantail tail -n 3 demo:", "three messages of the demo feed",
				"fantail tail -last 100 -key 'DEMO-M*'", "some keys, from 100 messages back",
				"fantail tail -stats wss://example.com/feed", "how much a feed sends",
				"fantail tail -source -stats -record feed.txt", "record this environment's source",
			},
			setup: setupTail,
		},
		{
			name:     "bench",
			operands: []string{"[URL]"},
			about:    "Load a WebSocket endpoint with thousands of clients",
			detail: "It connects clients to any WebSocket endpoint and reports deliveries, latency\n" +
				"from the send time in the messages, gaps in their sequence, closes by code,\n" +
				"and whether it was itself the bottleneck. On a loopback it uses more source\n" +
				"addresses than one if the ports of one run out.\n\n" +
				"With -selftest it starts a source, and in turn a bare-send floor and this\n" +
				"relay, on this machine, and prints what the relay costs beside the floor.",
			examples: []string{
				"fantail bench ws://localhost:8080/ws", "1,000 clients of a relay",
				"fantail bench -envelope -storm ws://localhost:8080/ws", "all cut at once, resuming",
				"fantail bench -stalled 50 ws://localhost:8080/ws", "half of them never read",
				"fantail bench -selftest -clients 5000", "this machine's ratio to the floor",
				"fantail bench -selftest -sweep rate -svg rate.svg", "draw what a delivery costs",
			},
			setup: setupBench,
		},
		{
			name:   "health",
			about:  "Ask the relay with this environment whether it is alive",
			detail: "It asks /healthz at FANTAIL_LISTEN. Exit code: 0 alive, 1 not.",
			setup:  plain(runHealth),
		},
		{
			name:   "version",
			about:  "Print the version",
			detail: "It prints the version, the commit, its time and the Go release of this build.",
			setup:  plain(runVersion),
		},
	}
}

// plain is the setup of a command without flags.
func plain(r runner) func(*flag.FlagSet) runner {
	return func(*flag.FlagSet) runner { return r }
}

// runServe loads the configuration and relays until ctx is cancelled.
func runServe(ctx context.Context, _ []string, std stdio) error {
	c, err := loadConfig()
	if err != nil {
		return err
	}
	return serve(ctx, c, newLogger(std.err, c.LogFormat, c.LogLevel), std.out)
}

// usageError is a command line that cannot be run as it is.
type usageError struct{ error }

// run runs the command line that args is and returns the exit code.
func run(ctx context.Context, args []string, std stdio) int {
	err := dispatch(ctx, args, std)
	if err != nil {
		fmt.Fprintln(std.err, "fantail:", err)
	}
	return exitCode(err)
}

// exitCode returns 0 for no error, 2 for a command line or a configuration that
// has to be changed, and 1 for any other failure.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	if _, ok := errors.AsType[problems](err); ok {
		return 2
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return 2
	}
	return 1
}

// dispatch finds the command and runs it, or prints help.
func dispatch(ctx context.Context, args []string, std stdio) error {
	name := commands()[0].name
	if len(args) > 0 {
		name, args = args[0], args[1:]
	}
	switch name {
	case benchChild:
		return benchChildMain(ctx, args, std)
	case "-h", "-help", "--help":
		return printUsage(std.out)
	case "help":
		if len(args) == 0 {
			return printUsage(std.out)
		}
		name, args = args[0], []string{"-h"}
	case "-version", "--version":
		name = "version"
	}
	c, err := findCommand(name)
	if err != nil {
		return err
	}
	return c.run(ctx, args, std)
}

// findCommand returns the command of that name, or an error that suggests one.
func findCommand(name string) (command, error) {
	var names []string
	for _, c := range commands() {
		if c.name == name {
			return c, nil
		}
		names = append(names, c.name)
	}
	advice := "fantail -h lists them"
	if near := nearest(name, names); near != "" {
		advice = fmt.Sprintf("did you mean fantail %s?", near)
	}
	return command{}, usageError{fmt.Errorf("there is no command %s; %s", quote(name), advice)}
}

// run parses args and runs c, or prints its help.
func (c command) run(ctx context.Context, args []string, std stdio) error {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	run := c.setup(flags)
	operands, err := parseArgs(flags, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return c.printUsage(std.out, flags)
	case err != nil:
		return usageError{fmt.Errorf("%w; see fantail %s -h", err, c.name)}
	case len(operands) < c.required() || len(operands) > len(c.operands):
		return usageError{fmt.Errorf("%s; write %s", c.miscounted(len(operands)), c.synopsis())}
	}
	return run(ctx, operands, std)
}

// required returns how many operands cannot be left out.
func (c command) required() (n int) {
	for _, o := range c.operands {
		if !strings.HasPrefix(o, "[") {
			n++
		}
	}
	return n
}

// miscounted says that n operands are too few or too many.
func (c command) miscounted(n int) string {
	if c.required() < len(c.operands) {
		return fmt.Sprintf("%d arguments instead of %d to %d", n, c.required(), len(c.operands))
	}
	return fmt.Sprintf("%d arguments instead of %d", n, len(c.operands))
}

// parseArgs parses flags before, between and behind the operands, which it
// returns. Everything behind "--" is an operand.
func parseArgs(flags *flag.FlagSet, args []string) (operands []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		rest := flags.Args()
		if parsed := len(args) - len(rest); len(rest) == 0 || parsed > 0 && args[parsed-1] == "--" {
			return append(operands, rest...), nil
		}
		operands, args = append(operands, rest[0]), rest[1:]
	}
}
