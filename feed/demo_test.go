package feed

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// playDemo runs the demo for d of fake time.
func playDemo(t *testing.T, url string, d time.Duration) *sink {
	t.Helper()
	s := newSink()
	synctest.Test(t, func(t *testing.T) {
		r := &running{sink: s, log: newJournal()}
		var err error
		if r.Feed, err = New(Config{URL: url}, s, zerolog.Nop()); err != nil {
			t.Fatal(err)
		}
		r.run(t)
		time.Sleep(d - 1)
		r.stop()
	})
	return s
}

func TestDemoIsMarkedAndValid(t *testing.T) {
	s := playDemo(t, "demo:", 20*time.Second)
	types := map[string]int{}
	for i, m := range s.messages() {
		var v struct {
			Demo                  bool
			T                     int64
			Seq                   int
			Symbol, Type, Side    string
			Price, Size, Bid, Ask float64
			BidSize, AskSize      float64 `json:"-"`
		}
		if err := json.Unmarshal([]byte(m.payload), &v); err != nil {
			t.Fatalf("%s: %v", m.payload, err)
		}
		if !v.Demo || v.T != m.time || v.Seq != i+1 || v.Symbol != s.keys[i] {
			t.Errorf("message %d: %s", i, m.payload)
		}
		switch v.Type {
		case "trade":
			if v.Price <= 0 || v.Size <= 0 || (v.Side != "buy" && v.Side != "sell") {
				t.Errorf("trade %s", m.payload)
			}
		case "quote":
			if v.Bid <= 0 || v.Ask <= v.Bid {
				t.Errorf("quote %s", m.payload)
			}
		}
		types[v.Type]++
	}
	if n := types["trade"] + types["quote"]; n != 1000 || types["trade"] < 200 || types["quote"] < 400 {
		t.Errorf("20 s at 50 messages a second: %v", types)
	}
}

func TestDemoIsTheSameForASeed(t *testing.T) {
	stamp := regexp.MustCompile(`"t":\d+`)
	play := func(url string) []string {
		var got []string
		for _, p := range playDemo(t, url, time.Second).payloads() {
			got = append(got, stamp.ReplaceAllString(p, ""))
		}
		return got
	}
	one := play("demo:")
	if !slices.Equal(one, play("demo:?seed=1&rate=50")) {
		t.Error("the same seed made another market")
	}
	if slices.Equal(one, play("demo:?seed=2")) {
		t.Error("another seed made the same market")
	}
}

func TestDemoRates(t *testing.T) {
	for url, want := range map[string]int{"demo:?rate=1": 10, "demo:?rate=1000": 10_000, "demo:?rate=1e-300": 1} {
		if got := len(playDemo(t, url, 10*time.Second).messages()); got != want {
			t.Errorf("%s: %d messages in 10 s, want %d", url, got, want)
		}
	}
}

// TestDemoDoesNotCatchUpWithASleep: a machine that was suspended goes on at the
// rate, with no burst of what it missed.
func TestDemoDoesNotCatchUpWithASleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &demoDriver{seed: 1, rate: 10}
		s, _ := d.open(t.Context())
		s.next()
		time.Sleep(time.Hour)
		begin := time.Now()
		for range 10 {
			s.next()
		}
		if took := time.Since(begin); took < 800*time.Millisecond {
			t.Errorf("10 messages within %v behind a pause", took)
		}
	})
}

func TestDemoURL(t *testing.T) {
	for url, want := range map[string]string{
		"demo:x":            `"x" behind demo:`,
		"demo:?rate=0":      "rate=",
		"demo:?rate=1e7":    "up to 1e+06",
		"demo:?seed=-1":     "seed=",
		"demo:?sead=1":      `unknown parameter "sead"; it takes seed and rate`,
		"demo:?rate=x&y=1":  "rate=",
		"demo:?rate=1;seed": "query",
	} {
		if _, err := newDemo(url, Config{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", url, err, want)
		}
	}
}

func BenchmarkMarket(b *testing.B) {
	m, now := newMarket(1), time.Now()
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = m.append(buf[:0], now)
	}
}
