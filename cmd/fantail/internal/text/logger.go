package text

import (
	"io"
	"time"

	"github.com/rs/zerolog"
)

// NewLogger returns a logger that writes to w at level: JSON lines, or lines for
// people. The format is one of FANTAIL_LOG_FORMAT's.
func NewLogger(w io.Writer, format string, level zerolog.Level) zerolog.Logger {
	if format == "console" || format == "auto" && IsTerminal(w) {
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.TimeOnly}
	}
	return zerolog.New(w).Level(level).With().Timestamp().Logger()
}
