package feed

import (
	"sync"
	"time"

	"fantail/hub"
	"fantail/hub/fantailv1"
)

// report is what a source tells its combination.
type report struct {
	from    int
	kind    reportKind
	in      hub.Input        // of a message; its payload is valid until the report is taken in
	wait    time.Duration    // of down: until the source tries again
	planned bool             // of down
	notice  fantailv1.Notice // of a notice
	err     error            // of ended: io.EOF, nil, or why it can never be read on
}

type reportKind uint8

const (
	reportMessage reportKind = iota
	reportUp
	reportDown
	reportNotice
	reportEnded
)

// port is the outlet of one of several sources. It hands over one report at a time and waits until it
// was taken in. So no queue builds up between a source's socket and the ring, and no message is
// copied.
type port struct {
	from    int
	reports chan<- report // to the combination, without a buffer; never closed
	taken   chan struct{} // one slot, from the combination; never closed

	mu sync.Mutex // one report at a time, because overlapping connections tell notices from goroutines of their own
}

func newPort(from int, reports chan<- report) *port {
	return &port{from: from, reports: reports, taken: make(chan struct{}, 1)}
}

// Publish hands over a message.
func (p *port) Publish(in hub.Input) { p.hand(report{kind: reportMessage, in: in}) }

func (p *port) up(time.Duration) { p.hand(report{kind: reportUp}) }

func (p *port) down(wait time.Duration, planned bool) {
	p.hand(report{kind: reportDown, wait: wait, planned: planned})
}

// notice hands over a notice of a relay.
func (p *port) notice(n fantailv1.Notice) { p.hand(report{kind: reportNotice, notice: n}) }

// hand waits for the combination, which takes reports in until every source has
// ended.
func (p *port) hand(r report) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.from = p.from
	p.reports <- r
	<-p.taken
}
