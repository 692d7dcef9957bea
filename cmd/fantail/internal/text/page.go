package text

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// Width is the width in characters that help and reports are made for.
const Width = 80

// Page gathers text for people and aligns its columns. Flush writes it. One
// goroutine at a time.
type Page struct{ w *tabwriter.Writer }

// NewPage returns an empty page that will be written to w.
func NewPage(w io.Writer) Page { return Page{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)} }

// Flush writes the page. Its error is that of the writer.
func (p Page) Flush() error { return p.w.Flush() }

// Printf adds text without a column.
func (p Page) Printf(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

// Heading adds a heading. The columns below it are aligned on their own.
func (p Page) Heading(s string) { p.Printf("\n%s\n", s) }

// Row adds one line of cells, one in each column.
func (p Page) Row(cells ...string) { p.Printf("  %s\n", strings.Join(cells, "\t")) }

// Entry adds a name in a column of the given width, and beside it a text that is
// broken into lines.
func (p Page) Entry(name, about string, width int) {
	for _, line := range Wrap(about, Width-2-width) {
		p.Printf("  %-*s%s\n", width, name, line)
		name = ""
	}
}

// Examples adds pairs of a command line and a description. They stand beside each
// other if all pairs fit, and below each other if not.
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

// Notes adds notes, one on a line.
func (p Page) Notes(notes []string) {
	if len(notes) > 0 {
		p.Printf("\n")
	}
	for _, n := range notes {
		p.Printf("Note: %s.\n", n)
	}
}
