package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

const (
	helpWidth = 80 // of a terminal, in characters
	helpNames = 31 // of the column of variables, for the longest name and two spaces
)

// page gathers help text in aligned columns, which tabs divide.
type page struct{ w *tabwriter.Writer }

func newPage(w io.Writer) page { return page{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)} }

// heading ends the columns above it.
func (p page) heading(s string) { fmt.Fprintf(p.w, "\n%s\n", s) }

func (p page) row(cells ...string) { fmt.Fprintf(p.w, "  %s\n", strings.Join(cells, "\t")) }

// printUsage prints what fantail is, its commands and its variables.
func printUsage(w io.Writer) error {
	p := newPage(w)
	fmt.Fprintln(p.w, "fantail relays one live feed to tens of thousands of clients.")
	p.heading("Usage: fantail [COMMAND]")
	for _, c := range commands() {
		p.row(c.name, c.about)
	}
	p.row("help", "Print this; fantail help COMMAND tells more about one")
	p.examples([]string{
		"fantail", "a demo feed at ws://localhost:8080/ws",
		"fantail tail", "watch it",
		"FANTAIL_SOURCE_URL=wss://example.com/feed fantail check", "try a feed of your own",
		"FANTAIL_SOURCE_URL=wss://example.com/feed fantail", "relay it",
	})
	p.heading("Environment variables, all optional; [default]:")
	p.variables(true)
	p.heading("More of them, seldom needed:")
	p.variables(false)
	p.heading("Exit code: 0 fine, 1 failed, 2 wrong command line or configuration.")
	return p.w.Flush()
}

// variables prints the basic variables or the others.
func (p page) variables(basic bool) {
	for _, v := range new(environment).variables() {
		if v.basic != basic {
			continue
		}
		about := v.about + " [" + v.def + "]"
		if v.def == "" {
			about = v.about + " [unset]"
		}
		p.entry(v.name, about, helpNames)
	}
}

// entry prints a name in a column of the given width and, broken into lines
// beside it, what it is about.
func (p page) entry(name, about string, width int) {
	for _, line := range wrap(about, helpWidth-2-width) {
		fmt.Fprintf(p.w, "  %-*s%s\n", width, name, line)
		name = ""
	}
}

// examples prints pairs of a command line and what it does: beside each other if
// there is room for all, else below each other.
func (p page) examples(pairs []string) {
	if len(pairs) == 0 {
		return
	}
	p.heading("Examples:")
	commandWidth, aboutWidth := 0, 0
	for pair := range slices.Chunk(pairs, 2) {
		commandWidth = max(commandWidth, utf8.RuneCountInString(pair[0]))
		aboutWidth = max(aboutWidth, utf8.RuneCountInString(pair[1]))
	}
	for pair := range slices.Chunk(pairs, 2) {
		if 2+commandWidth+2+aboutWidth <= helpWidth {
			p.row(pair...)
		} else {
			fmt.Fprintf(p.w, "  %s\n      %s\n", pair[0], pair[1])
		}
	}
}

// synopsis returns the command line of c.
func (c command) synopsis() string {
	return strings.Join(append([]string{"fantail", c.name}, c.operands...), " ")
}

// printUsage prints what c does, its flags and examples.
func (c command) printUsage(w io.Writer, flags *flag.FlagSet) error {
	p := newPage(w)
	fmt.Fprintf(p.w, "Usage: %s\n\n%s\n\n%s\n", c.synopsis(), c.about+".", c.detail)
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
	return p.w.Flush()
}

// flagName returns a flag as it is written, such as "-listen HOST:PORT".
func flagName(f *flag.Flag) string {
	name, _ := flag.UnquoteUsage(f)
	return strings.TrimSpace("-" + f.Name + " " + name)
}
