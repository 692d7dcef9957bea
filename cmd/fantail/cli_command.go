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

// plain is the setup of a command without flags.
func plain(r runner) func(*flag.FlagSet) runner {
	return func(*flag.FlagSet) runner { return r }
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
		return misuse(fmt.Errorf("%w; see fantail %s -h", err, c.name))
	case len(operands) < c.required() || len(operands) > len(c.operands):
		return misuse(fmt.Errorf("%s; write %s", c.miscounted(len(operands)), c.synopsis()))
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

// synopsis returns the command line of c.
func (c command) synopsis() string {
	return strings.Join(append([]string{"fantail", c.name}, c.operands...), " ")
}
