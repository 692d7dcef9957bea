package tail

import (
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"

	"fantail/cmd/fantail/internal/text"
	"fantail/feed"
)

// figuresPrinter prints a feed's figures once a second: always on the same line of a
// terminal, and on a new line elsewhere. One goroutine at a time.
type figuresPrinter struct {
	out      io.Writer
	terminal bool

	at     time.Time     // of the last line
	before feed.Stats    // at that time
	gap    time.Duration // for which the connection has been lost
	last   time.Duration // the last gap that has ended
	since  time.Time     // the end of the last gap; zero = there was none
}

// print prints until over is closed.
func (p *figuresPrinter) print(stats func() feed.Stats, delays *delays, over <-chan struct{}) error {
	p.at, p.before = time.Now(), stats()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return p.leave()
		case now := <-tick.C:
			if err := p.write(p.line(now, stats(), delays)); err != nil {
				return err
			}
		}
	}
}

func (p *figuresPrinter) write(line string) error {
	if p.terminal {
		line = text.ClearLine + line
	} else {
		line += "\n"
	}
	_, err := io.WriteString(p.out, line)
	return err
}

// leave ends the line on the terminal.
func (p *figuresPrinter) leave() error {
	if !p.terminal {
		return nil
	}
	_, err := io.WriteString(p.out, "\n")
	return err
}

// line returns the figures since the last line, such as
//
//	2,500 msg/s  1.2 MiB/s  total 120,000  latency 1.2ms  last gap 1.5s, 20s ago
func (p *figuresPrinter) line(now time.Time, s feed.Stats, delays *delays) string {
	seconds := max(now.Sub(p.at).Seconds(), 1e-3)
	line := fmt.Sprintf("%s msg/s  %s/s  total %s",
		humanize.Comma(int64(float64(s.Messages-p.before.Messages)/seconds+0.5)),
		humanize.IBytes(uint64(float64(s.Bytes-p.before.Bytes)/seconds)),
		humanize.Comma(int64(s.Messages)))
	if mean, ok := delays.take(); ok {
		line += fmt.Sprintf("  latency %v", text.Brief(mean))
	}
	line += "  " + p.connection(now, s)
	p.at, p.before = now, s
	return line
}

// connection says for how long the source is away, or how long its last gap was.
func (p *figuresPrinter) connection(now time.Time, s feed.Stats) string {
	if p.before.Connected {
		p.gap = 0 // another gap begins
	}
	grown := s.Outage - p.before.Outage
	p.gap += grown
	switch {
	case !s.EverConnected:
		return "not connected yet"
	case !s.Connected:
		return fmt.Sprintf("away for %v", p.gap.Round(100*time.Millisecond))
	case grown > 0 && p.before.EverConnected:
		p.since, p.last = now, p.gap
	}
	if p.since.IsZero() {
		return "no gap"
	}
	return fmt.Sprintf("last gap %v, %v ago", text.Brief(p.last), now.Sub(p.since).Round(time.Second))
}
