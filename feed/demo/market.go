package demo

import (
	"math"
	"math/rand/v2"
	"strconv"
	"time"
)

const (
	dayVolatility  = 0.03 // standard deviation of a day's log return
	maxVolatility  = 0.01 // of one step, for feeds of few messages
	shockShare     = 0.10 // share of the last step's square in the next variance; it makes volatility cluster
	memoryShare    = 0.88 // share of the present variance in the next one
	pull           = 1e-4 // share of the excursion that each step takes back
	maxExcursion   = 1.5  // bound of log(price / first price): about 4.5 times up or down
	tradesPerQuote = 0.5
)

// market is a few made-up symbols that trade. The log of a price is a random walk whose variance
// depends on its past (GARCH(1,1)), so that calm and wild times follow each other. A slight pull
// keeps the price near its first value. The same seed and rate give the same messages, except
// for their times. One goroutine uses a market.
type market struct {
	rnd     *rand.Rand
	seq     uint64
	sigma   float64 // long-run standard deviation of one step
	symbols []symbol
}

// symbol is one instrument. Its prices are whole ticks.
type symbol struct {
	name     string
	first    float64 // price at the start
	tick     float64
	decimals int // of a printed price

	excursion float64 // log of price over first
	variance  float64 // of the next step
}

// newMarket returns a market at its first opening. The rate, in messages a second, scales the
// steps, so that a day is equally wild at any rate.
func newMarket(seed uint64, rate float64) *market {
	m := &market{
		rnd: rand.New(rand.NewPCG(seed, 0)),
		symbols: []symbol{
			{name: "DEMO-KEA", first: 42.10, tick: 0.01, decimals: 2},
			{name: "DEMO-MOA", first: 61250, tick: 0.5, decimals: 1},
			{name: "DEMO-TUI", first: 128.75, tick: 0.01, decimals: 2},
			{name: "DEMO-RURU", first: 0.7315, tick: 0.0001, decimals: 4},
			{name: "DEMO-KAKA", first: 8.605, tick: 0.005, decimals: 3},
			{name: "DEMO-WEKA", first: 331.5, tick: 0.05, decimals: 2},
			{name: "DEMO-HOIHO", first: 1920.25, tick: 0.25, decimals: 2},
		},
	}
	steps := rate * dayLength.Seconds() / float64(len(m.symbols))
	m.sigma = min(dayVolatility/math.Sqrt(steps), maxVolatility)
	for i := range m.symbols {
		m.symbols[i].variance = m.sigma * m.sigma
	}
	return m
}

// append appends the next message: a trade or a quote of one symbol, as a JSON object. It also
// returns the symbol.
func (m *market) append(b []byte, now time.Time) ([]byte, string) {
	s := &m.symbols[m.rnd.IntN(len(m.symbols))]
	s.step(m.rnd.NormFloat64(), m.sigma)
	bid, ask := s.quote(m.rnd.Float64())
	m.seq++

	b = strconv.AppendInt(append(b, `{"demo":true,"t":`...), now.UnixNano(), 10)
	b = strconv.AppendUint(append(b, `,"seq":`...), m.seq, 10)
	b = append(append(append(b, `,"symbol":"`...), s.name...), '"')
	if m.rnd.Float64() < tradesPerQuote/(1+tradesPerQuote) {
		b = m.appendTrade(b, s, bid, ask)
	} else {
		b = m.appendQuote(b, s, bid, ask)
	}
	return append(b, '}'), s.name
}

// step moves the price by a normally distributed shock.
func (s *symbol) step(shock, sigma float64) {
	move := shock * math.Sqrt(s.variance)
	s.variance = (1-shockShare-memoryShare)*sigma*sigma + shockShare*move*move + memoryShare*s.variance
	s.excursion = min(max(s.excursion*(1-pull)+move, -maxExcursion), maxExcursion)
}

// quote returns bid and ask around the price, in ticks. They are one tick apart, or more in wild
// times.
func (s *symbol) quote(luck float64) (bid, ask int64) {
	price := s.first * math.Exp(s.excursion)
	spread := 1 + int64(luck*math.Sqrt(s.variance)*price/s.tick)
	bid = max(1, int64(price/s.tick)-spread/2)
	return bid, bid + spread
}

// appendTrade appends a trade. A buyer pays the ask, and a seller gets the bid.
func (m *market) appendTrade(b []byte, s *symbol, bid, ask int64) []byte {
	side, price := "buy", ask
	if m.rnd.IntN(2) == 0 {
		side, price = "sell", bid
	}
	b = append(append(append(b, `,"type":"trade","side":"`...), side...), '"')
	b = s.appendPrice(append(b, `,"price":`...), price)
	return m.appendSize(append(b, `,"size":`...))
}

func (m *market) appendQuote(b []byte, s *symbol, bid, ask int64) []byte {
	b = s.appendPrice(append(b, `,"type":"quote","bid":`...), bid)
	b = m.appendSize(append(b, `,"bid_size":`...))
	b = s.appendPrice(append(b, `,"ask":`...), ask)
	return m.appendSize(append(b, `,"ask_size":`...))
}

// appendSize appends a size of at least 1. Most sizes are small.
func (m *market) appendSize(b []byte) []byte {
	return strconv.AppendInt(b, 1+int64(m.rnd.ExpFloat64()*120), 10)
}

// appendPrice appends a number of ticks as a plain decimal.
func (s *symbol) appendPrice(b []byte, ticks int64) []byte {
	return strconv.AppendFloat(b, float64(ticks)*s.tick, 'f', s.decimals, 64)
}
