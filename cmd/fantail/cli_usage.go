package main

import (
	"flag"
	"io"
	"strings"
)

// printUsage prints what c does, its flags and examples.
func (c command) printUsage(w io.Writer, flags *flag.FlagSet) error {
	p := newPage(w)
	p.printf("Usage: %s\n\n%s\n\n%s\n", c.synopsis(), c.about+".", c.detail)
	width := 0
	flags.VisitAll(func(f *flag.Flag) { width = max(width, len(flagName(f))+2) })
	if width > 0 {
		p.heading("Flags, anywhere behind the command; [default]:")
	}
	flags.VisitAll(func(f *flag.Flag) {
		_, about := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" {
			about += " [" + f.DefValue + "]"
		}
		p.entry(flagName(f), about, width)
	})
	p.examples(c.examples)
	return p.flush()
}

// flagName returns a flag as it is written, such as "-listen HOST:PORT".
func flagName(f *flag.Flag) string {
	name, _ := flag.UnquoteUsage(f)
	return strings.TrimSpace("-" + f.Name + " " + name)
}
