package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"fantail/cmd/fantail/internal/bench/load"
)

// selftest is a set-up of source, server and load on this machine. It measures two
// subjects in turn.
type selftest struct {
	base, relay subject
	load        load.Config // without URL
	source      benchSource
	enough      time.Duration // processor time of the server that ends a window; 0 is its duration alone
}

// selftestRate is the least number of connections a second that a self-test opens.
const selftestRate = 2000

// selftestOf returns the set-up of the flags for a number of clients and a source.
func (b *benchFlags) selftestOf(clients int, source benchSource) selftest {
	s := selftest{load: b.load, source: source}
	s.base, s.relay = b.subjects()
	s.load.Clients, s.load.Header, s.load.Send = clients, nil, nil
	s.load.ConnectRate = max(s.load.ConnectRate, selftestRate)
	return s
}

// runSelftest measures both subjects in turn and prints the medians.
func (b *benchFlags) runSelftest(ctx context.Context, out io.Writer) error {
	s := b.selftestOf(b.load.Clients, b.source)
	var rounds []round
	var notes []string
	for range b.rounds {
		r, n, err := s.round(ctx)
		if err != nil {
			return err
		}
		rounds, notes = append(rounds, r), append(notes, n...)
	}
	r := summaryOf(s.base.name, s.relay.name, rounds, notes)
	r.Clients, r.Rate, r.Size = b.load.Clients, b.source.rate, b.source.size
	return b.print(out, r, func(w io.Writer) error { return printSelftest(w, r) })
}

// round measures the base, then the relay.
func (s selftest) round(ctx context.Context) (r round, notes []string, err error) {
	r.Base, notes, err = s.measure(ctx, s.base)
	if err != nil {
		return r, notes, err
	}
	var more []string
	r.Relay, more, err = s.measure(ctx, s.relay)
	return r, append(notes, more...), err
}

// measure starts a source and a server, loads the server, and ends them.
func (s selftest) measure(ctx context.Context, what subject) (m measured, notes []string, err error) {
	of := what.source(s.source)
	source, err := startPart("source", []string{"-rate", fmt.Sprint(of.rate), "-size", fmt.Sprint(of.size), "-keys", fmt.Sprint(of.keys)}, nil)
	if err != nil {
		return m, nil, err
	}
	defer func() { err = errors.Join(err, source.stop()) }()
	p, err := what.start(source.addr)
	if err != nil {
		return m, nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	meter := &meter{part: p, enough: s.enough}
	c := what.load(s.load, p.addr)
	c.Window = meter.window
	if s.enough > 0 {
		c.Enough = meter.isEnough
	}
	r, err := load.Run(ctx, c)
	if err = errors.Join(err, meter.err); err != nil {
		return m, nil, fmt.Errorf("%s: %w", what.name, err)
	}
	if r.Partly {
		return m, nil, errors.New("interrupted before all rounds were done")
	}
	for _, n := range r.Notes {
		if n != r.Load.Bottleneck { // summaryOf judges that by the medians of all rounds
			notes = append(notes, "beside "+what.name+": "+n)
		}
	}
	return measuredOf(r, meter), notes, nil
}

// meter measures the processor time of a server within the window.
type meter struct {
	part   *part
	enough time.Duration
	began  time.Duration // processor time when the window opened
	used   time.Duration // within the window
	err    error         // the first
}

func (m *meter) now() time.Duration {
	t, err := m.part.cpu()
	m.err = cmp.Or(m.err, err)
	return t
}

func (m *meter) window(open bool) {
	if open {
		m.began = m.now()
	} else {
		m.used = m.now() - m.began
	}
}

// isEnough reports whether the server has worked enough, or failed.
func (m *meter) isEnough() bool { return m.now()-m.began >= m.enough || m.err != nil }
