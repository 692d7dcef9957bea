package feed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"fantail/hub"
)

const (
	demoRate    = 50          // messages a second, if the URL names no rate
	demoMaxRate = 1e6         // the highest rate
	demoMaxStep = time.Hour   // the longest pause between messages
	demoMaxLag  = time.Second // a longer delay is not caught up with
)

// demoDriver makes up a market: demo:?seed=1&rate=50.
type demoDriver struct {
	seed uint64
	rate float64 // messages a second
}

func newDemo(address string, _ Config) (driver, error) {
	rest, query, err := splitLocal(address)
	if err != nil {
		return nil, err
	}
	var bad []error
	if rest != "" {
		bad = append(bad, fmt.Errorf("feed: the source URL has %.40q behind demo:; write demo: or demo:?seed=1&rate=50", rest))
	}
	seed, errSeed := query.seed("seed", 1)
	rate, errRate := query.positive("rate", demoRate, demoMaxRate)
	return &demoDriver{seed, rate}, errors.Join(append(bad, errSeed, errRate, query.rest("seed", "rate"))...)
}

func (d *demoDriver) open(ctx context.Context) (stream, error) {
	return &demoStream{
		ctx:    ctx,
		step:   time.Duration(min(float64(time.Second)/d.rate, float64(demoMaxStep))),
		due:    time.Now(),
		market: newMarket(d.seed),
	}, nil
}

// demoStream hands out the market's messages at an even rate.
type demoStream struct {
	ctx    context.Context
	step   time.Duration
	due    time.Time // when the next message is
	market *market
	buf    []byte
}

func (s *demoStream) next() (hub.Input, error) {
	now := time.Now()
	if now.Sub(s.due) > demoMaxLag {
		s.due = now // the machine slept
	}
	if !sleep(s.ctx, s.due.Sub(now)) {
		return hub.Input{}, s.ctx.Err()
	}
	s.due = s.due.Add(s.step)
	var symbol string
	s.buf, symbol = s.market.append(s.buf[:0], time.Now())
	return hub.Input{Kind: hub.Text, Key: symbol, Payload: s.buf}, nil
}

func (s *demoStream) close() {}

// market is a handful of symbols whose prices walk at random, the same way for
// the same seed. One goroutine.
type market struct {
	rnd     *rand.Rand
	seq     uint64
	symbols []symbol
}

type symbol struct {
	name string
	cent int64 // the middle of bid and ask
}

func newMarket(seed uint64) *market {
	return &market{
		rnd:     rand.New(rand.NewPCG(seed, 0)),
		symbols: []symbol{{"KEA", 4210}, {"TUI", 12875}, {"KAKA", 860}, {"WEKA", 33150}, {"MOA", 99900}},
	}
}

// append appends the next message: a trade or a quote of one symbol, as a JSON
// object that says it is a demo and when it was made, in ns since 1970.
func (m *market) append(b []byte, now time.Time) ([]byte, string) {
	s := &m.symbols[m.rnd.IntN(len(m.symbols))]
	s.cent = max(100, s.cent+m.rnd.Int64N(21)-10)
	spread := 1 + m.rnd.Int64N(5)
	m.seq++

	b = strconv.AppendInt(append(b, `{"demo":true,"t":`...), now.UnixNano(), 10)
	b = strconv.AppendUint(append(b, `,"seq":`...), m.seq, 10)
	b = append(append(append(b, `,"symbol":"`...), s.name...), '"')
	if m.rnd.IntN(3) == 0 {
		b = m.appendTrade(b, s.cent, spread)
	} else {
		b = m.appendQuote(b, s.cent, spread)
	}
	return append(b, '}'), s.name
}

func (m *market) appendTrade(b []byte, cent, spread int64) []byte {
	side := "buy"
	if m.rnd.IntN(2) == 0 {
		side, spread = "sell", -spread
	}
	b = append(append(append(b, `,"type":"trade","side":"`...), side...), '"')
	b = appendCents(append(b, `,"price":`...), cent+spread)
	return m.appendSize(append(b, `,"size":`...))
}

func (m *market) appendQuote(b []byte, cent, spread int64) []byte {
	b = appendCents(append(b, `,"type":"quote","bid":`...), cent-spread)
	b = m.appendSize(append(b, `,"bid_size":`...))
	b = appendCents(append(b, `,"ask":`...), cent+spread)
	return m.appendSize(append(b, `,"ask_size":`...))
}

func (m *market) appendSize(b []byte) []byte { return strconv.AppendInt(b, 1+m.rnd.Int64N(500), 10) }

// appendCents appends a price in whole currency with two decimals.
func appendCents(b []byte, cents int64) []byte {
	b = append(strconv.AppendInt(b, cents/100, 10), '.')
	return append(b, byte('0'+cents/10%10), byte('0'+cents%10))
}
