package demo

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fantail/feed/driver"
	"fantail/feed/internal/feedtest"
)

// playDemo runs the demo for d of fake time.
func playDemo(t *testing.T, url string, d time.Duration) *feedtest.Sink {
	t.Helper()
	demo, err := New(driver.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	s := feedtest.NewSink()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), d-1)
		defer cancel()
		if _, err := feedtest.Play(ctx, demo, s); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
	return s
}

func TestDemoIsMarkedAndValid(t *testing.T) {
	s := playDemo(t, "demo:", 20*time.Second)
	symbols := map[string]int{}
	for i, m := range s.Messages() {
		v := parseDemo(t, m.Payload)
		if v.T != m.Time || v.Seq != uint64(i+1) || v.Symbol != s.Keys[i] {
			t.Errorf("message %d: %s", i, m.Payload)
		}
		symbols[v.Symbol]++
	}
	if n := len(s.Messages()); n < 1000 || len(symbols) != len(newMarket(1, 1).symbols) {
		t.Errorf("%d messages in the first 20 s, symbols %v", n, symbols)
	}
}

func TestDemoIsTheSameForASeed(t *testing.T) {
	stamp := regexp.MustCompile(`"t":\d+`)
	play := func(url string) []string {
		var got []string
		for _, p := range playDemo(t, url, time.Second).Payloads() {
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

// TestDemoRates: the first message comes at once. The slowest feed has about one message an hour.
func TestDemoRates(t *testing.T) {
	for _, tt := range []struct {
		url         string
		after       time.Duration
		least, most int
	}{
		{"demo:?rate=1", time.Second, 1, 5},
		{"demo:?rate=100", dayLength, 29_900, 30_100},
		{"demo:?rate=1e-300", 30 * time.Minute, 1, 1},
		{"demo:?rate=1e-300", 12 * time.Hour, 11, 13},
	} {
		if got := len(playDemo(t, tt.url, tt.after).Messages()); got < tt.least || got > tt.most {
			t.Errorf("%s: %d messages in %v, want %d to %d", tt.url, got, tt.after, tt.least, tt.most)
		}
	}
}

// TestDemoDoesNotCatchUpWithASleep: a machine that was suspended goes on at the rate, without a
// burst of missed messages.
func TestDemoDoesNotCatchUpWithASleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &source{seed: 1, rate: 10}
		s, _ := d.Open(t.Context())
		s.Next()
		time.Sleep(time.Hour)
		begin := time.Now()
		for range 10 {
			s.Next()
		}
		if took := time.Since(begin); took < 100*time.Millisecond {
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
		if _, err := New(driver.Options{URL: url}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", url, err, want)
		}
	}
}
