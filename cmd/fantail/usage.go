package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
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
	p.heading("Examples:")
	p.row("fantail", "a demo feed at ws://localhost:8080/")
	p.row("FANTAIL_SOURCE_URL=wss://example.com/feed fantail", "a feed of your own")
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
		if v.basic == basic {
			p.row(v.name, "["+cmp.Or(v.def, "unset")+"]", v.about)
		}
	}
}

// synopsis returns the command line of c.
func (c command) synopsis() string {
	return strings.Join(append([]string{"fantail", c.name}, c.operands...), " ")
}

// printUsage prints what c does and its flags.
func (c command) printUsage(w io.Writer, flags *flag.FlagSet) error {
	p := newPage(w)
	fmt.Fprintf(p.w, "Usage: %s\n\n%s\n\n%s\n", c.synopsis(), c.about+".", c.detail)
	first := true
	flags.VisitAll(func(f *flag.Flag) {
		if first {
			p.heading("Flags:")
			first = false
		}
		name, about := flag.UnquoteUsage(f)
		p.row(strings.TrimSpace("-"+f.Name+" "+name), about+" ["+f.DefValue+"]")
	})
	return p.w.Flush()
}
