package hub

import (
	"encoding/json"
	"testing"
)

const frameNotice = 'N' // its body is a Notice as JSON

// modelFormat is a format of test frames, with notices or without.
type modelFormat struct {
	testFormat
	notices bool
	other   bool
}

func (f *modelFormat) Encode(m *Message) []byte {
	if f.other {
		return testFrame(frameOther, string(m.Payload()))
	}
	return m.Frame()
}

func (f *modelFormat) Notice(n Notice) []byte {
	if !f.notices {
		return nil
	}
	body, err := json.Marshal(n)
	if err != nil {
		panic(err)
	}
	return testFrame(frameNotice, string(body))
}

// modelled is a client of the model.
type modelled struct {
	*world
	*Client
	conn     *scriptConn
	format   *modelFormat
	policy   Policy
	filter   *Filter
	start    Start
	first    []uint64 // what it gets before the messages from start on: a snapshot
	settled  bool     // it was there when all had all there was
	joinedAt uint64   // number of the source's last change before it came
	got      history
}

// chooseFormat takes a format and the policy that goes with it.
func (m *modelled) chooseFormat() Policy {
	rnd := m.rnd
	m.format = []*modelFormat{m.raw, m.told, m.told, m.other}[rnd.IntN(4)]
	if !m.format.notices {
		return Evict
	}
	if m.world.snapshot == nil {
		return Policy(rnd.IntN(2))
	}
	return []Policy{Evict, Skip, Conflate, Conflate}[rnd.IntN(4)]
}

func (m *modelled) chooseFilter() {
	lists := [][]string{nil, nil, nil, {"a*"}, {"b1", "c*"}, {"none"}, {"*"}, {"a1", "a2"}}
	m.filter = must(NewFilter(lists[m.rnd.IntN(len(lists))]))
}

// chooseLane gives half of the clients that want everything a stream.
func (m *modelled) chooseLane() (*Lane, error) {
	if m.filter == nil && m.rnd.IntN(2) == 0 {
		return m.StreamLane(m.format, m.world.codec)
	}
	return m.Lane(m.format, m.filter)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// begin says where the client begins, and what it gets before that.
func (m *modelled) begin(o *Options, again int) {
	m.joinedAt = m.Hub.source.Load().number
	head := uint64(len(m.keys))
	switch n := m.rnd.IntN(6); {
	case again >= 0:
		m.start = m.Resume(m.clients[again].read().told)
	case n == 0 && m.world.snapshot != nil:
		m.wait()
		o.Start = m.Newest(o.Lane)
		m.first, m.start = m.newestOfEach(head), Start{slot: head + 1, seq: head}
		return
	case n == 1:
		m.beginWithLast(o.Lane)
	case n == 2:
		m.start = m.Live()
	case n == 3:
		m.start = m.Resume(Position{"00000000", head})
	default:
		m.start = m.Resume(m.position(head - min(head, m.rnd.Uint64N(uint64(2*m.config.Ring.Messages)))))
	}
	o.Start = m.start
}

// beginWithLast checks that Last goes back just as far as it was asked to.
func (m *modelled) beginWithLast(lane *Lane) {
	n := 1 + m.rnd.IntN(m.config.Ring.Messages)
	m.start = m.Last(n, lane)
	behind, held := 0, 0
	tail := m.ring.tail.Load()
	if tail > 1 {
		tail += (uint64(len(m.keys)) - tail) / 16 // Last leaves the oldest alone
	}
	for seq := tail; seq <= uint64(len(m.keys)); seq++ {
		if m.wants(seq) {
			held++
			if seq > m.start.seq {
				behind++
			}
		}
	}
	if behind != min(n, held) {
		m.world.t.Errorf("the last %d of %d begin %d back", n, held, behind)
	}
}

func (m *modelled) wants(seq uint64) bool { return m.filter.Match(m.keys[seq-1]) }

// newestOfEach returns the newest message of each key that the client wants, up
// to a head.
func (m *modelled) newestOfEach(head uint64) (seqs []uint64) {
	seen := make(map[string]bool)
	for seq := head; seq > 0; seq-- {
		if key := m.keys[seq-1]; m.wants(seq) && !seen[key] {
			seen[key] = true
			seqs = append([]uint64{seq}, seqs...)
		}
	}
	return seqs
}

// expected returns what the client would get if it were never slow.
func (m *modelled) expected() []uint64 {
	seqs := append([]uint64(nil), m.first...)
	for seq := m.start.seq + 1; seq <= uint64(len(m.keys)); seq++ {
		if m.wants(seq) {
			seqs = append(seqs, seq)
		}
	}
	return seqs
}

// coverage counts what the schedules led to, so that a model that tests nothing
// is noticed.
type coverage struct {
	Clients, Messages, Streamed, Gaps, Conflated, AtLeast, Gone, Evicted, Snapshots, Cut, Notices int
}

func (c *coverage) add(x *world) {
	for _, m := range x.clients {
		c.Clients++
		c.Messages += m.got.messages
		c.Streamed += m.got.window.frames
		c.Gaps += m.got.gaps
		c.Conflated += m.got.conflated
		c.AtLeast += m.got.atLeast
		c.Notices += m.got.notices
		if m.start.gone {
			c.Gone++
		}
		if why, _ := m.Reason(); why == Slow {
			c.Evicted++
		}
		if m.first != nil {
			c.Snapshots++
		}
		if m.got.cut > 0 {
			c.Cut++
		}
	}
}

func (c *coverage) mustBeWide(t *testing.T) {
	t.Helper()
	for what, n := range map[string]int{"gaps": c.Gaps, "conflated": c.Conflated, "counts at least": c.AtLeast,
		"gone": c.Gone, "evicted": c.Evicted, "snapshots": c.Snapshots, "messages of streams": c.Streamed, "cut": c.Cut} {
		if n < 20 {
			t.Errorf("the schedules led to %d of: %s", n, what)
		}
	}
}
