package tail

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/rs/zerolog"

	"fantail/cmd/fantail/internal/config"
	"fantail/cmd/fantail/internal/text"
	"fantail/feed"
	"fantail/feed/recording"
	"fantail/hub"
)

// tailer records, prints and measures the messages of a feed. A printer that blocks holds
// up the feed, as in any pipe.
type tailer struct {
	// Static.
	limit    uint64
	stop     context.CancelFunc
	show     *messagePrinter   // nil = print none
	recorder *recording.Writer // nil = no recording
	log      zerolog.Logger

	delays delays

	// Owned by the feed's goroutine.
	messages, bytes uint64
	gaps            gaps
	err             error // of the recording, or of printing
}

// run runs the feed. Meanwhile it prints figures if there is a printer for them.
func (t *tailer) run(ctx context.Context, f *feed.Feed, figures *figuresPrinter) error {
	var wg sync.WaitGroup
	over := make(chan struct{}) // closed when the feed has ended
	var printing error
	if figures != nil {
		wg.Go(func() { // ended by over
			if printing = figures.print(f.Stats, &t.delays, over); printing != nil {
				t.stop()
			}
		})
	}
	err := config.Named(f.Run(ctx))
	close(over)
	wg.Wait()
	for _, e := range []error{t.err, printing} {
		if e != nil {
			return e
		}
	}
	return err
}

// Publish takes a message. After the limit or an error it drops messages. Only the feed's
// goroutine calls it.
func (t *tailer) Publish(in hub.Input) {
	if t.err != nil || t.limit > 0 && t.messages == t.limit {
		return
	}
	t.messages++
	t.bytes += uint64(len(in.Payload))
	if t.recorder != nil {
		t.err = t.recorder.Write(in.Time, in.Kind, in.Payload)
	}
	if t.err == nil && t.show != nil {
		t.err = t.show.print(in)
	}
	t.delays.add(in)
	if t.err != nil || t.messages == t.limit {
		t.stop()
	}
}

// summary returns for example "1,200 messages, 350 KiB in 60 s (20.0/s)".
func (t *tailer) summary(s feed.Stats, took time.Duration, file string) string {
	line := fmt.Sprintf("%s messages, %s in %v (%s/s)", humanize.Comma(int64(t.messages)), humanize.IBytes(t.bytes),
		text.Brief(took), humanize.CommafWithDigits(float64(t.messages)/took.Seconds(), 1))
	lost := uint64(0)
	for _, n := range s.Reconnects {
		lost += n
	}
	if lost > 0 {
		line += fmt.Sprintf("; %d failed or lost connections, away for %v", lost, text.Brief(s.Outage))
	}
	if t.gaps.number > 0 {
		line += "; " + t.gaps.String()
	}
	if file != "" {
		line += "; recorded in " + file
		if t.gaps.number > 0 || lost > 0 && s.EverConnected && s.Position == "" {
			line += ", which lacks the missed messages"
		}
	}
	if s.Position != "" {
		line += "; at " + s.Position
	}
	return line
}

// messagePrinter prints one message on a line. On a terminal, messages cannot control the
// terminal, raw or not.
type messagePrinter struct {
	out      io.Writer
	raw      bool
	terminal bool
	buf      []byte
}

func (p *messagePrinter) print(in hub.Input) error {
	b := p.buf[:0]
	switch {
	case in.Kind == hub.Binary && !p.raw:
		b = fmt.Appendf(b, "<binary %d bytes>", len(in.Payload))
	case p.terminal:
		b = text.AppendPrintable(b, in.Payload)
	case p.raw:
		b = append(b, in.Payload...)
	default:
		b = text.AppendOneLine(b, in.Payload)
	}
	p.buf = append(b, '\n')
	_, err := p.out.Write(p.buf)
	return err
}

// delays sums up the latency of messages that have their send time at "t", in ns since
// 1970. Any goroutine may call its methods.
type delays struct {
	sum   atomic.Int64 // ns
	count atomic.Int64
}

// delayBound is the longest delay. A number at "t" beyond it is not a send time.
const delayBound = time.Hour

func (d *delays) add(in hub.Input) {
	_, rest, found := bytes.Cut(in.Payload[:min(len(in.Payload), 256)], []byte(`"t":`))
	if !found {
		return
	}
	sent := int64(0)
	for _, c := range rest {
		if c < '0' || c > '9' || sent > 1<<59 {
			break
		}
		sent = 10*sent + int64(c-'0')
	}
	if delay := in.Time.UnixNano() - sent; time.Duration(delay).Abs() < delayBound {
		d.sum.Add(delay)
		d.count.Add(1)
	}
}

// take returns the mean delay since the last call, and whether there was any.
func (d *delays) take() (mean time.Duration, ok bool) {
	sum, n := d.sum.Swap(0), d.count.Swap(0)
	if n == 0 {
		return 0, false
	}
	return time.Duration(sum / n), true
}
