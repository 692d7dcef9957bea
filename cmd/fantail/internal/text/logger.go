package text

import (
	"io"
	"time"

	"github.com/rs/zerolog"
)

// NewLogger returns a logger that writes to w from the given level on. The format is
// "json", "console" for lines that people read, or "auto": console on a terminal, else
// JSON.
func NewLogger(w io.Writer, format string, level zerolog.Level) zerolog.Logger {
	if format == "console" || format == "auto" && IsTerminal(w) {
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.TimeOnly}
	}
	return zerolog.New(w).Level(level).With().Timestamp().Logger()
}
