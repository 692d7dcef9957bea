package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"fantail/cmd/fantail/load"
)

// selftest is one set-up of source, relay or floor, and load on this machine.
type selftest struct {
	load   load.Config // without URL
	source benchSource
	enough time.Duration // processor time of the server that ends a window; 0: its duration does
}

// The two servers of a self-test.
const (
	partFloor = "floor"
	partRelay = "relay"
)

// selftestRate is how many connections a second a self-test opens at least.
const selftestRate = 2000

// selftestOf returns the set-up that the flags describe, with these clients and
// this source.
func (b *benchFlags) selftestOf(clients int, source benchSource) selftest {
	s := selftest{load: b.load, source: source}
	s.load.Clients, s.load.PathTime, s.load.PathSeq = clients, "t", "q"
	s.load.Header, s.load.Send = nil, nil
	s.load.ConnectRate = max(s.load.ConnectRate, selftestRate)
	return s
}

// runSelftest measures floor and relay in turn and prints their medians.
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
	r := summaryOf(rounds, notes)
	r.Clients, r.Rate, r.Size = b.load.Clients, b.source.rate, b.source.size
	return b.print(out, r, func(w io.Writer) error { return printSelftest(w, r) })
}

// round measures the floor, then the relay.
func (s selftest) round(ctx context.Context) (r round, notes []string, err error) {
	r.Floor, notes, err = s.measure(ctx, partFloor)
	if err != nil {
		return r, notes, err
	}
	var more []string
	r.Relay, more, err = s.measure(ctx, partRelay)
	return r, append(notes, more...), err
}

// measure starts a source and a server, loads the server, and ends them.
func (s selftest) measure(ctx context.Context, server string) (m measured, notes []string, err error) {
	source, err := startPart("source", []string{"-rate", fmt.Sprint(s.source.rate), "-size", fmt.Sprint(s.source.size)}, nil)
	if err != nil {
		return m, nil, err
	}
	defer func() { err = errors.Join(err, source.stop()) }()
	p, err := startServer(server, source.addr)
	if err != nil {
		return m, nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	meter := &meter{part: p, enough: s.enough}
	c := s.load
	c.URL, c.Window = "ws://"+p.addr+"/ws", meter.window
	if s.enough > 0 {
		c.Enough = meter.isEnough
	}
	r, err := load.Run(ctx, c)
	if err = errors.Join(err, meter.err); err != nil {
		return m, nil, fmt.Errorf("the %s: %w", server, err)
	}
	if r.Partly {
		return m, nil, errors.New("interrupted before all rounds were done")
	}
	for _, n := range r.Notes {
		if n != r.Load.Bottleneck { // that is judged by the medians of all rounds
			notes = append(notes, "beside the "+server+": "+n)
		}
	}
	return measuredOf(r, meter), notes, nil
}

// startServer starts the floor or the relay in front of a source.
func startServer(name, source string) (*part, error) {
	if name == partFloor {
		return startPart(partFloor, []string{"-source", source}, nil)
	}
	return startPart(partRelay, nil, []string{
		prefix + "SOURCE_URL=ws://" + source + "/", prefix + "LISTEN=127.0.0.1:0", prefix + "ADMIN_LISTEN=127.0.0.1:0",
		prefix + "LOG_LEVEL=warn", prefix + "LOG_FORMAT=json", prefix + "DRAIN_WINDOW=1s",
	})
}

// meter measures a server's processor time in the window.
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

// isEnough ends a window once the server has worked enough, or failed.
func (m *meter) isEnough() bool { return m.now()-m.began >= m.enough || m.err != nil }
