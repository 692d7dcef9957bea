package bench

import (
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"

	"fantail/cmd/fantail/internal/bench/load"
	"fantail/cmd/fantail/internal/text"
)

// showProgress returns a function that keeps one line on w up to date. It is nil if w is
// not a terminal.
func showProgress(w io.Writer) func(load.Progress) {
	if !text.IsTerminal(w) {
		return nil
	}
	return func(p load.Progress) { fmt.Fprint(w, text.ClearLine, progressLine(p)) }
}

// endProgress removes that line.
func endProgress(w io.Writer) { fmt.Fprint(w, text.ClearLine) }

// progressLine returns for example "measuring, 500 clients, 10,000 deliveries/s, 2.1
// MB/s, 8s left".
func progressLine(p load.Progress) string {
	line := fmt.Sprintf("%s, %s clients", p.Phase, humanize.Comma(int64(p.Connected)))
	if p.Failed > 0 {
		line += fmt.Sprintf(", %s failed", humanize.Comma(int64(p.Failed)))
	}
	if p.Ended > 0 {
		line += fmt.Sprintf(", %s closed", humanize.Comma(int64(p.Ended)))
	}
	line += fmt.Sprintf(", %s deliveries/s, %s/s", humanize.Comma(int64(p.Deliveries)), humanize.Bytes(uint64(max(p.Bytes, 0))))
	if p.Left >= time.Second/2 {
		line += fmt.Sprintf(", %v left", p.Left.Round(time.Second))
	}
	return line
}
