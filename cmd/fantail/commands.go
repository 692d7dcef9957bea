package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
)

// command is one row of the table of subcommands.
type command struct {
	name     string
	operands []string // what has to follow the name, such as FILE
	about    string   // one line
	detail   string   // some more, for its own help
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
			setup:  plain(runServe),
		},
		{
			name:     "replay",
			operands: []string{"FILE"},
			about:    "Serve a recording as a WebSocket source",
			detail: "Each subscriber gets the recording from its first message, at the recording's\n" +
				"own pace. At its end the connection is closed with 1000.",
			setup: setupReplay,
		},
		{
			name:   "health",
			about:  "Ask the relay with this environment whether it is alive",
			detail: "It asks /healthz at FANTAIL_LISTEN and exits with 0 if the relay is alive, else 1.",
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
	case len(operands) != len(c.operands):
		return usageError{fmt.Errorf("%d arguments instead of %d; write %s", len(operands), len(c.operands), c.synopsis())}
	}
	return run(ctx, operands, std)
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
