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
		serveCommand(), checkCommand(), replayCommand(), tailCommand(), benchCommand(), healthCommand(), versionCommand(),
	}
}

// plain is the setup of a command without flags.
func plain(r runner) func(*flag.FlagSet) runner {
	return func(*flag.FlagSet) runner { return r }
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
