package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// helpWidth is the width of a terminal, in characters.
const helpWidth = 80

// page gathers help text in aligned columns, which tabs divide.
type page struct{ w *tabwriter.Writer }

func newPage(w io.Writer) page { return page{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)} }

// flush writes what was gathered.
func (p page) flush() error { return p.w.Flush() }

// printf adds text as it is.
func (p page) printf(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

// heading ends the columns above it.
func (p page) heading(s string) { p.printf("\n%s\n", s) }

func (p page) row(cells ...string) { p.printf("  %s\n", strings.Join(cells, "\t")) }

// entry prints a name in a column of the given width and, broken into lines
// beside it, what it is about.
func (p page) entry(name, about string, width int) {
	for _, line := range wrap(about, helpWidth-2-width) {
		p.printf("  %-*s%s\n", width, name, line)
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
			p.printf("  %s\n      %s\n", pair[0], pair[1])
		}
	}
}

// notes prints what a reader has to know, a line each.
func (p page) notes(notes []string) {
	if len(notes) > 0 {
		p.printf("\n")
	}
	for _, n := range notes {
		p.printf("Note: %s.\n", n)
	}
}
