package tail

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"fantail/cmd/fantail/internal/cli"
	"fantail/cmd/fantail/internal/text"
)

// tailLog returns the feed's logger, which writes lines for people. On a terminal with a
// line of figures, a log line replaces that line.
func tailLog(std cli.Stdio, o tailOptions) zerolog.Logger {
	w := zerolog.ConsoleWriter{
		Out:                 std.Err,
		NoColor:             !text.IsTerminal(std.Err),
		TimeFormat:          time.TimeOnly,
		FieldsExclude:       []string{"component", "source"},
		FormatPrepare:       durationsForPeople,
		FormatErrFieldValue: func(v any) string { return nameURL(fmt.Sprint(v), o.source) },
	}
	if o.stats && text.IsTerminal(std.Out) && text.IsTerminal(std.Err) {
		w.Out = clearsLine{std.Err}
	}
	return zerolog.New(w).With().Timestamp().Logger()
}

// durationsForPeople adds the unit to the feed's durations, which are logged in
// milliseconds.
func durationsForPeople(fields map[string]any) error {
	for _, name := range []string{"retry_in", "outage"} {
		if n, ok := fields[name].(json.Number); ok {
			ms, err := n.Float64()
			if err != nil {
				return err
			}
			fields[name] = text.Brief(time.Duration(ms * float64(time.Millisecond))).String()
		}
	}
	return nil
}

// clearsLine clears the terminal's line before each write.
type clearsLine struct{ w io.Writer }

func (c clearsLine) Write(p []byte) (int, error) {
	if _, err := io.WriteString(c.w, text.ClearLine); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}

// nameURL turns a sentence about FANTAIL_SOURCE_URL into a sentence about the URL on the
// command line, unless the variable is the source.
func nameURL(text string, source bool) string {
	if source {
		return text
	}
	return strings.ReplaceAll(text, "FANTAIL_SOURCE_URL", "the URL")
}
