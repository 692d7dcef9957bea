package stage

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestDedupe plays messages and lists those that are published. A message is the letter of
// its connection and a name. A capital letter makes the connection leave.
func TestDedupe(t *testing.T) {
	tests := []struct {
		name  string
		named bool
		most  int
		in    string
		want  string
	}{
		{"one connection repeats a name", true, 8, "a1 a2 a1 a3", "a1 a2 a3"},
		{"one connection repeats a likeness", false, 8, "a1 a2 a1 a3", "a1 a2 a1 a3"},
		{"two connections, names", true, 8, "a1 b1 a2 b2 b3 a3", "a1 a2 b3"},
		{"two connections, likenesses", false, 8, "a1 b1 a2 b2 b3 a3", "a1 a2 b3"},
		{"equal messages on both", false, 8, "a1 a1 b1 b1 b1 a1", "a1 a1 b1"},
		{"one lacks what the other has", false, 8, "a1 a2 b2 b3 a3", "a1 a2 b3"},
		{"what one brought before it left", false, 8, "a1 a2 A b2 b3", "a1 a2 b3"},
		{"as often as it was there", false, 8, "a1 a1 A b1 b1 b1", "a1 a1 b1"},
		{"a repeated beginning, then the like of it", false, 8, "a1 a2 a2 A b2 b3 b2 b2", "a1 a2 a2 b3 b2 b2"},
		{"a beginning of its own, then the like of old", false, 8, "a1 a2 A b9 b1 b2", "a1 a2 b9 b1 b2"},
		{"forgotten names", true, 2, "a1 a2 a3 a1 a3", "a1 a2 a3 a1"},
		{"forgotten likenesses", false, 2, "a1 a2 a3 b3 b1", "a1 a2 a3 b1"},
		{"a part is forgotten", false, 2, "a1 a1 a1 b1 b1 b1", "a1 a1 a1 b1"},
		{"the other's count is forgotten too", false, 2, "a1 b1 a2 a3 a1 b1 b2", "a1 a2 a3 a1 b2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDedupe(tt.named, tt.most)
			shares := map[string]*Share{}
			var got []string
			for _, message := range strings.Fields(tt.in) {
				letter := strings.ToLower(message[:1])
				if shares[letter] == nil {
					shares[letter] = d.Join()
				}
				switch {
				case message[0] < 'a':
					shares[letter].Leave()
				case !shares[letter].Seen(d.identify([]byte(message[1:]))):
					got = append(got, message)
				}
			}
			if want := strings.Fields(tt.want); !slices.Equal(got, want) {
				t.Errorf("published %q, want %q", got, want)
			}
		})
	}
}

// TestDedupeModel plays two connections with the same feed. Each of them loses some messages
// and lags behind the other. Each message must be published as often as the connection that
// had it more often brought it.
func TestDedupeModel(t *testing.T) {
	for _, named := range []bool{true, false} {
		r := rand.New(rand.NewPCG(1, 2))
		for range 200 {
			d := newDedupe(named, 1000)
			shares := []*Share{d.Join(), d.Join()}
			came := []map[Identity]int{{}, {}}
			published := map[Identity]int{}
			for range 1000 {
				i, id := r.IntN(2), Identity(r.IntN(100))
				came[i][id]++
				if !shares[i].Seen(id) {
					published[id]++
				}
			}
			for id, n := range published {
				want := max(came[0][id], came[1][id])
				if named {
					want = 1
				}
				if n != want {
					t.Fatalf("named %v: published %d times, came %d and %d times", named, n, came[0][id], came[1][id])
				}
			}
		}
	}
}

// TestDedupeIsBounded checks that neither old messages nor ended connections take memory.
func TestDedupeIsBounded(t *testing.T) {
	for _, named := range []bool{true, false} {
		d := newDedupe(named, 100)
		stays := d.Join()
		for i := range 10_000 {
			l := d.Join()
			l.Seen(Identity(i))
			stays.Seen(Identity(i / 2))
			l.Leave()
			l.Leave()
		}
		if len(d.order) != 100 || len(d.count) > 100 || len(stays.count) > 100 || len(d.shares) > 1 {
			t.Errorf("named %v: %d messages, %d counts, %d of a share, %d shares", named, len(d.order), len(d.count), len(stays.count), len(d.shares))
		}
	}
}

func BenchmarkDedupe(b *testing.B) {
	for name, named := range map[string]bool{"named": true, "alike": false} {
		b.Run(name, func(b *testing.B) {
			d := newDedupe(named, maxIdentities)
			l := d.Join()
			message := []byte(strings.Repeat("x", 200))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				message[0], message[1], message[2] = byte(i), byte(i>>8), byte(i>>16)
				l.Seen(d.identify(message))
			}
		})
	}
}
