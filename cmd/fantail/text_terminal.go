package main

import (
	"io"
	"os"

	"github.com/mattn/go-isatty"
)

// clearLine goes to the start of a terminal's line and clears it (ECMA-48).
const clearLine = "\r\x1b[K"

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}
