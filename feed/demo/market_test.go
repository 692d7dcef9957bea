package demo

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

// demoMessage is a message of the demo as its readers see it.
type demoMessage struct {
	Demo               bool
	T                  int64
	Seq                uint64
	Symbol, Type, Side string
	Price, Bid, Ask    json.Number
	Size               int64
	BidSize            int64 `json:"bid_size"`
	AskSize            int64 `json:"ask_size"`
}

// parseDemo parses a message. It fails the test if the fields are not those of its type.
func parseDemo(t *testing.T, text string) demoMessage {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	var m demoMessage
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	quote := m.Type == "quote" && m.Bid != "" && m.Ask != "" && m.BidSize > 0 && m.AskSize > 0 && m.Price == "" && m.Side == ""
	trade := m.Type == "trade" && m.Price != "" && m.Size > 0 && (m.Side == "buy" || m.Side == "sell") && m.Bid == ""
	if !m.Demo || !quote && !trade {
		t.Fatalf("neither a trade nor a quote: %s", text)
	}
	return m
}

// onTick parses a price and fails the test if it lies between two ticks.
func onTick(t *testing.T, s symbol, price json.Number) float64 {
	t.Helper()
	p, err := price.Float64()
	if ticks := p / s.tick; err != nil || math.Abs(ticks-math.Round(ticks)) > 1e-6 || strings.ContainsAny(string(price), "eE") {
		t.Fatalf("%s: %s is no plain decimal in steps of %g", s.name, price, s.tick)
	}
	return p
}

// TestDemoPricesStayInBounds runs a market for weeks of its days, also with the
// coarse steps of a slow feed.
func TestDemoPricesStayInBounds(t *testing.T) {
	for _, rate := range []float64{minRate, 0.5, meanRate} {
		m := newMarket(7, rate)
		first := map[string]symbol{}
		for _, s := range m.symbols {
			first[s.name] = s
		}
		if len(first) < 6 {
			t.Fatalf("only %d symbols", len(first))
		}
		trades, n := 0, 60_000
		for range n {
			b, _ := m.append(nil, time.Unix(1, 0))
			v := parseDemo(t, string(b))
			s := first[v.Symbol]
			low, high := s.first*math.Exp(-maxExcursion)*0.95, s.first*math.Exp(maxExcursion)*1.05
			if v.Type == "trade" {
				trades++
				v.Bid, v.Ask = v.Price, v.Price
			}
			bid, ask := onTick(t, s, v.Bid), onTick(t, s, v.Ask)
			if bid < low || ask > high || bid > ask || v.Type == "quote" && bid == ask {
				t.Fatalf("rate %g: %s is out of bounds (%g to %g)", rate, b, low, high)
			}
		}
		if share := float64(trades) / float64(n); share < 0.32 || share > 0.35 {
			t.Errorf("%.2f of the messages are trades", share)
		}
	}
}

// TestDemoVolatilityClusters: the size of a move tells something about the size of the next one.
// Its direction tells nothing.
func TestDemoVolatilityClusters(t *testing.T) {
	m := newMarket(1, meanRate)
	s := &m.symbols[0]
	var moves, sizes []float64
	for range 200_000 {
		before := s.excursion
		s.step(m.rnd.NormFloat64(), m.sigma)
		moves = append(moves, s.excursion-before)
		sizes = append(sizes, (s.excursion-before)*(s.excursion-before))
	}
	if c := autocorrelation(moves); math.Abs(c) > 0.03 {
		t.Errorf("moves follow from the last: %.3f", c)
	}
	if c := autocorrelation(sizes); c < 0.1 {
		t.Errorf("calm and wild times do not cluster: %.3f", c)
	}
}

// autocorrelation returns the correlation of each value with the one before.
func autocorrelation(v []float64) float64 {
	mean := 0.0
	for _, x := range v {
		mean += x / float64(len(v))
	}
	var products, squares float64
	for i := 1; i < len(v); i++ {
		products += (v[i] - mean) * (v[i-1] - mean)
		squares += (v[i] - mean) * (v[i] - mean)
	}
	return products / squares
}

func BenchmarkMarket(b *testing.B) {
	m, now := newMarket(1, meanRate), time.Now()
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = m.append(buf[:0], now)
	}
}
