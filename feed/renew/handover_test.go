package renew

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"fantail/feed/driver"
	"fantail/feed/stage"
	"fantail/hub"
)

// TestHandover plays two connections: o brings a message over the old one, n over the new one, !
// gives up, and < tells the old one to leave. A message that starts with - has no identity.
func TestHandover(t *testing.T) {
	tests := []struct{ name, before, in, want string }{
		{"the old one leads", "1 2", "o3 o4 n3 n4 n5 o5", "3 4 5"},
		{"the new one leads", "1 2", "n4 n5 o3 o4 o5 n6", "3 4 5 6"},
		{"what it begins with is dropped", "1", "nack nsnap o2 o3 n2 n3 n4", "2 3 4"},
		{"the same, and it leads", "1", "nack nsnap n3 o2 o3 n4", "2 3 4"},
		{"its greeting is that of the old one", "hello 1", "nhello o2 n3 o3 n4", "2 3 4"},
		{"after it joined all goes on", "1", "n2 o2 nack n3 o3 o4 n4", "2 ack 3 4"},
		{"no identity: the old one's", "1", "n-hb o-hb o2 n2 n-hb o-hb", "-hb 2 -hb"},
		{"no identity, the old one told to leave: the new one's", "1", "o2 n2 n-a < n-b o-b n3 o3", "2 -b 3"},
		{"both quiet", "1", "n2 n3 !", "2 3"},
		{"given up with what the old one has", "1", "nack n2 ! o2 o3 n3", "ack 2 3"},
		{"nothing at all", "1", "! n2 o2", "2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := playHandover(t, false, tt.before)
			var got []string
			for _, step := range strings.Fields(tt.in) {
				got = append(got, h.play(step)...)
			}
			if want := strings.Fields(tt.want); !slices.Equal(got, want) {
				t.Errorf("published %q, want %q", got, want)
			}
		})
	}
}

// TestHandoverOfNames: a name counts whenever it was published. So a message that the new connection
// repeats shows that it has all that follows.
func TestHandoverOfNames(t *testing.T) {
	h := playHandover(t, true, "1 2 3")
	var got []string
	for _, step := range strings.Fields("nack n2 n3 o4 n4 n5 o5") {
		got = append(got, h.play(step)...)
	}
	if want := []string{"4", "5"}; !slices.Equal(got, want) {
		t.Errorf("published %q, want %q", got, want)
	}
}

type playedHandover struct {
	*handover
	ids *stage.Identifier
}

func playHandover(t *testing.T, named bool, before string) playedHandover {
	t.Helper()
	spec := stage.ByHash
	if named {
		spec = "re:^(.*)$"
	}
	ids, err := stage.NewIdentifier(spec)
	if err != nil {
		t.Fatal(err)
	}
	old := ids.Join()
	for _, m := range strings.Fields(before) {
		id, _ := ids.Of(&hub.Input{Payload: []byte(m)})
		old.Seen(id)
	}
	return playedHandover{newHandover(ids, old, ids.Join()), ids}
}

// play takes one step and returns the messages that are published.
func (h playedHandover) play(step string) (published []string) {
	a := identified{Event: driver.Message(&hub.Input{Payload: []byte(step[1:])}), has: !strings.HasPrefix(step[1:], "-")}
	a.id, _ = h.ids.Of(a.Message)
	var out []driver.Event
	switch step[0] {
	case 'o':
		out = h.fromOld(nil, a)
	case 'n':
		out = h.fromNext(nil, a)
	case '<':
		h.left = true
	default:
		out = h.giveUp(nil)
	}
	for _, ev := range out {
		if ev.Kind == driver.KindMessage {
			published = append(published, string(ev.Message.Payload))
		}
	}
	return published
}

// TestHandoverModel hands one feed over between connections with different lags. Every message must
// come once and in order.
func TestHandoverModel(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		h := playHandover(t, seed%2 == 0, "")
		begin := r.IntN(20) // where the new connection's feed begins
		end := begin + 20 + r.IntN(20)
		old, fresh := 0, begin
		var got []string
		for old < end || fresh < end {
			switch {
			case old < end && (fresh == end || r.IntN(2) == 0):
				got = append(got, h.play(fmt.Sprint("o", old))...)
				old++
			default:
				got = append(got, h.play(fmt.Sprint("n", fresh))...)
				fresh++
			}
		}
		var want []string
		for i := range end {
			want = append(want, fmt.Sprint(i))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d, new from %d of %d: got %v", seed, begin, end, got)
		}
	}
}

// TestHandoverIsBounded: a connection that brings more than may be held takes over at once.
func TestHandoverIsBounded(t *testing.T) {
	h := playHandover(t, false, "1")
	large := strings.Repeat("x", 1<<20)
	for i := range 2 * maxHeld >> 20 {
		h.play(fmt.Sprint("n", i, large))
	}
	if !h.joined || h.held != nil {
		t.Errorf("holds %d messages, %d bytes", len(h.held), h.bytes)
	}
}
