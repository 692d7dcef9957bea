package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// Command is one row of the table of subcommands.
type Command struct {
	Name     string
	Operands []string // such as FILE; one in brackets, such as [URL], is optional
	About    string   // one line, for the list of commands
	Detail   string   // more, for the command's own help
	Examples []string // pairs of a command line and a description

	// Setup registers the flags and returns the function that runs the command.
	Setup func(*flag.FlagSet) Runner
}

// Runner runs a command with its operands, after its flags were parsed. It returns
// soon after ctx is cancelled.
type Runner func(ctx context.Context, operands []string, std Stdio) error

// Stdio is where a command writes.
type Stdio struct{ Out, Err io.Writer }

// Plain returns the Setup of a command without flags.
func Plain(r Runner) func(*flag.FlagSet) Runner {
	return func(*flag.FlagSet) Runner { return r }
}

// Run parses args and runs the command, or prints its help. Its error is an error of
// use if args do not fit the command.
func (c Command) Run(ctx context.Context, args []string, std Stdio) error {
	flags := flag.NewFlagSet(c.Name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	run := c.Setup(flags)
	operands, err := ParseArgs(flags, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return c.printUsage(std.Out, flags)
	case err != nil:
		return Misuse(fmt.Errorf("%w; see fantail %s -h", err, c.Name))
	case len(operands) < c.required() || len(operands) > len(c.Operands):
		return Misuse(fmt.Errorf("%s; write %s", c.miscounted(len(operands)), c.Synopsis()))
	}
	return run(ctx, operands, std)
}

// required returns the number of operands that are not optional.
func (c Command) required() (n int) {
	for _, o := range c.Operands {
		if !strings.HasPrefix(o, "[") {
			n++
		}
	}
	return n
}

// miscounted returns the part of a sentence that n operands are too few or too many.
func (c Command) miscounted(n int) string {
	if c.required() < len(c.Operands) {
		return fmt.Sprintf("the number of arguments is %d and must be %d to %d", n, c.required(), len(c.Operands))
	}
	return fmt.Sprintf("the number of arguments is %d and must be %d", n, len(c.Operands))
}

// Synopsis returns the command line with its operands.
func (c Command) Synopsis() string {
	return strings.Join(append([]string{"fantail", c.Name}, c.Operands...), " ")
}
