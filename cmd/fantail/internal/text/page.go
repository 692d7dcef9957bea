package text

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// Width is the width of a terminal, in characters.
const Width = 80

// Page gathers help text in aligned columns, which tabs divide.
type Page struct{ w *tabwriter.Writer }

func NewPage(w io.Writer) Page { return Page{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)} }

// Flush writes what was gathered.
func (p Page) Flush() error { return p.w.Flush() }

// Printf adds text as it is.
func (p Page) Printf(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

// Heading ends the columns above it.
func (p Page) Heading(s string) { p.Printf("\n%s\n", s) }

func (p Page) Row(cells ...string) { p.Printf("  %s\n", strings.Join(cells, "\t")) }

// Entry prints a name in a column of the given width and, broken into lines
// beside it, what it is about.
func (p Page) Entry(name, about string, width int) {
	for _, line := range Wrap(about, Width-2-width) {
		p.Printf("  %-*s%s\n", width, name, line)
		name = ""
	}
}

// Examples prints pairs of a command line and what it does: beside each other if
// there is room for all, else below each other.
func (p Page) Examples(pairs []string) {
	if len(pairs) == 0 {
		return
	}
	p.Heading("Examples:")
	commandWidth, aboutWidth := 0, 0
	for pair := range slices.Chunk(pairs, 2) {
		commandWidth = max(commandWidth, utf8.RuneCountInString(pair[0]))
		aboutWidth = max(aboutWidth, utf8.RuneCountInString(pair[1]))
	}
	for pair := range slices.Chunk(pairs, 2) {
		if 2+commandWidth+2+aboutWidth <= Width {
			p.Row(pair...)
		} else {
			p.Printf("  %s\n      %s\n", pair[0], pair[1])
		}
	}
}

// Notes prints what a reader has to know, a line each.
func (p Page) Notes(notes []string) {
	if len(notes) > 0 {
		p.Printf("\n")
	}
	for _, n := range notes {
		p.Printf("Note: %s.\n", n)
	}
}
