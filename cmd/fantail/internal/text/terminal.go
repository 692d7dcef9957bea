package text

import (
	"io"
	"os"

	"github.com/mattn/go-isatty"
)

// ClearLine moves to the start of a terminal's line and clears it (ECMA-48).
const ClearLine = "\r\x1b[K"

// IsTerminal reports whether w is a file that is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}
