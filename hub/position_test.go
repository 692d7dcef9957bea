package hub

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestParsePosition(t *testing.T) {
	tests := []struct {
		text string
		want Position
		ok   bool
	}{
		{"k3v9q2mx-48215", Position{"k3v9q2mx", 48215}, true},
		{"00000000-0", Position{"00000000", 0}, true},
		{"zzzzzzzz-18446744073709551615", Position{"zzzzzzzz", math.MaxUint64}, true},
		{"zzzzzzzz-18446744073709551616", Position{}, false},
		{"", Position{}, false},
		{"-", Position{}, false},
		{"k3v9q2mx", Position{}, false},
		{"k3v9q2mx-", Position{}, false},
		{"-48215", Position{}, false},
		{"k3v9q2m-1", Position{}, false},
		{"k3v9q2mxx-1", Position{}, false},
		{"K3V9Q2MX-1", Position{}, false},
		{"k3v9q2mx-01", Position{}, false},
		{"k3v9q2mx-+1", Position{}, false},
		{"k3v9q2mx--1", Position{}, false},
		{"k3v9q2mx-1 ", Position{}, false},
		{"k3v9q2mx-1_0", Position{}, false},
		{"k3v9q2mé-1", Position{}, false},
	}
	for _, tt := range tests {
		got, err := ParsePosition(tt.text)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("ParsePosition(%q) = %v, %v", tt.text, got, err)
		}
		if err != nil && !errors.Is(err, ErrPosition) {
			t.Errorf("ParsePosition(%q): %v does not wrap ErrPosition", tt.text, err)
		}
	}
}

// What a stranger sends must not fill the log.
func TestParsePositionErrorIsShort(t *testing.T) {
	for _, s := range []string{strings.Repeat("x", 1<<20), strings.Repeat("\xff", 1<<20), strings.Repeat("\n", 1<<20)} {
		if _, err := ParsePosition(s); err == nil || len(err.Error()) > 300 {
			t.Errorf("the error has %d bytes", len(err.Error()))
		}
	}
}

func TestNewEpoch(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		e := newEpoch()
		if !validEpoch(e) || seen[e] {
			t.Fatalf("epoch %q: valid %v, seen before %v", e, validEpoch(e), seen[e])
		}
		seen[e] = true
	}
}

func FuzzParsePosition(f *testing.F) {
	for _, s := range []string{"k3v9q2mx-48215", "00000000-0", "zzzzzzzz-18446744073709551615", "k3v9q2mx-01", "k3v9q2mx", "-", "", "\xff-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePosition(s)
		if err == nil && p.String() != s {
			t.Errorf("%q was read as %q", s, p)
		}
		if err != nil && (p != Position{} || !errors.Is(err, ErrPosition) || len(err.Error()) > 500) {
			t.Errorf("%q: %v, %v", s, p, err)
		}
	})
}
