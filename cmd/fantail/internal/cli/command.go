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
	Operands []string // what follows the name, such as FILE; [URL] may be left out
	About    string   // one line
	Detail   string   // some more, for its own help
	Examples []string // pairs of a command line and what it does
	Setup    func(*flag.FlagSet) Runner
}

// Runner runs a command once its flags are parsed, with its operands. It ends
// soon after ctx is cancelled.
type Runner func(ctx context.Context, operands []string, std Stdio) error

// Stdio is what a command may write to.
type Stdio struct{ Out, Err io.Writer }

// Plain is the setup of a command without flags.
func Plain(r Runner) func(*flag.FlagSet) Runner {
	return func(*flag.FlagSet) Runner { return r }
}

// Run parses args and runs c, or prints its help.
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

// required returns how many operands cannot be left out.
func (c Command) required() (n int) {
	for _, o := range c.Operands {
		if !strings.HasPrefix(o, "[") {
			n++
		}
	}
	return n
}

// miscounted says that n operands are too few or too many.
func (c Command) miscounted(n int) string {
	if c.required() < len(c.Operands) {
		return fmt.Sprintf("%d arguments instead of %d to %d", n, c.required(), len(c.Operands))
	}
	return fmt.Sprintf("%d arguments instead of %d", n, len(c.Operands))
}

// Synopsis returns the command line of c.
func (c Command) Synopsis() string {
	return strings.Join(append([]string{"fantail", c.Name}, c.Operands...), " ")
}
