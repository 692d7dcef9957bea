package cli

import (
	"flag"
	"io"
	"strings"

	"fantail/cmd/fantail/internal/text"
)

// printUsage prints the command's help: its detail, flags and examples.
func (c Command) printUsage(w io.Writer, flags *flag.FlagSet) error {
	p := text.NewPage(w)
	p.Printf("Usage: %s\n\n%s\n\n%s\n", c.Synopsis(), c.About+".", c.Detail)
	width := 0
	flags.VisitAll(func(f *flag.Flag) { width = max(width, len(flagName(f))+2) })
	if width > 0 {
		p.Heading("Flags, anywhere after the command. The default is in brackets:")
	}
	flags.VisitAll(func(f *flag.Flag) {
		_, about := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" {
			about += " [" + f.DefValue + "]"
		}
		p.Entry(flagName(f), about, width)
	})
	p.Examples(c.Examples)
	return p.Flush()
}

// flagName returns a flag as it is written, such as "-listen HOST:PORT".
func flagName(f *flag.Flag) string {
	name, _ := flag.UnquoteUsage(f)
	return strings.TrimSpace("-" + f.Name + " " + name)
}
