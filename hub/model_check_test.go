package hub

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
)

// history is what a client got, held against what it should have got.
type history struct {
	messages, gaps, conflated, atLeast, notices int

	cut     int      // bytes after the last whole frame
	told    Position // the newest one that the client knows
	closing string   // the close frame's body
	source  NoticeKind
	sourced int // notices of the source

	newest map[string]uint64 // by key, of what was received
	window chain             // what a stream's frames left with the client

	// The account of I4: what was left out may never be more than what was told.
	expected []uint64 // in order; those before next are received or left out
	next     int
	received uint64 // the last message's sequence
	skipped  uint64
	missed   uint64 // as told
	uncount  bool   // told that more were missed, which nobody could count
}

// check reads what a client got to the end, and looks whether that was all.
func (m *modelled) check() {
	h := m.read()
	closed, reset := m.conn.ended()
	switch {
	case !closed:
		m.errorf("the connection was never closed")
	case !reset && h.cut > 0:
		m.errorf("an orderly end inside a frame")
	case h.closing == "" && !reset && m.settled && m.drained:
		m.errorf("drained without a word")
	}
	if m.settled {
		m.checkComplete(h)
	}
}

// checkComplete: a client that was there when everything had been sent has it all, or
// was told what it lacks. Conflation leaves the newest message of each key.
func (m *modelled) checkComplete(h *history) {
	if len(m.keys) > 0 {
		m.account(uint64(len(m.keys)))
	}
	if !h.uncount && h.skipped != h.missed {
		m.errorf("in the end %d messages were left out, %d told", h.skipped, h.missed)
	}
	if m.policy == Conflate {
		for _, seq := range h.expected {
			if key := m.keys[seq-1]; h.newest[key] < seq {
				m.errorf("the newest message of key %s is %d, the client has %d", key, seq, h.newest[key])
			}
		}
	}
	if m.format.notices && m.joinedAt != m.Hub.source.Load().number && (h.sourced == 0 || (h.source == SourceUp) != m.SourceIsUp()) {
		m.errorf("told %d times of the source, last %v; up is %v", h.sourced, h.source, m.SourceIsUp())
	}
}

// read takes apart what the client has got so far: whole frames, in order.
func (m *modelled) read() *history {
	h := &m.got
	*h = history{expected: m.expected(), newest: make(map[string]uint64), told: m.position(m.start.seq)}
	if m.first != nil {
		h.told = m.position(0)
	}
	raw := m.conn.bytes()
	for n := 0; len(raw) >= testHeaderLen; n++ {
		length := testHeaderLen + int(binary.BigEndian.Uint32(raw[1:]))
		if len(raw) < length {
			break
		}
		m.frame(n, raw[0], raw[testHeaderLen:length])
		raw = raw[length:]
	}
	h.cut = len(raw)
	return h
}

func (m *modelled) frame(n int, kind byte, body []byte) {
	h := &m.got
	if h.closing != "" {
		m.errorf("a frame of type %q follows the close frame", kind)
	}
	if n == 0 && m.format.notices && (kind != frameNotice || !strings.HasPrefix(string(body), `{"Kind":0,`)) {
		m.errorf("the first frame is no hello: %q %s", kind, body)
	}
	switch kind {
	case frameStream:
		m.message(h.window.open(m.t, body))
	case frameData, frameOther:
		m.message(body)
	case frameNotice:
		m.notice(n, body)
	case frameClose:
		m.closed(string(body))
	case framePing, framePong:
	default:
		m.errorf("a frame of type %q", kind)
	}
}

// message books one message: I3, and no gap that was not told before.
func (m *modelled) message(body []byte) {
	h, seq := &m.got, binary.BigEndian.Uint64(body)
	if string(testPayload(seq, len(body))) != string(body) {
		m.errorf("message %d is corrupt", seq)
	}
	m.account(seq - 1)
	if h.next == len(h.expected) || h.expected[h.next] != seq {
		m.errorf("message %d after %d, told %v: not expected", seq, h.received, h.told)
		return
	}
	h.next++
	h.messages++
	h.received, h.told, h.newest[m.keys[seq-1]] = seq, m.position(seq), seq
}

// account books as left out what was expected up to a sequence and did not come.
func (m *modelled) account(seq uint64) {
	h := &m.got
	for h.next < len(h.expected) && h.expected[h.next] <= seq {
		h.next++
		h.skipped++
	}
	if !h.uncount && h.skipped > h.missed {
		m.errorf("up to %d, %d messages are left out but %d told", seq, h.skipped, h.missed)
	}
}

// notice books a notice. Its position must be one to resume from.
func (m *modelled) notice(n int, body []byte) {
	var note Notice
	if err := json.Unmarshal(body, &note); err != nil {
		m.errorf("a notice that cannot be read: %v", err)
	}
	h := &m.got
	h.notices++
	switch note.Kind {
	case Hello:
		if n > 0 {
			m.errorf("hello is frame %d", n)
		}
	case Gap:
		m.gap(note)
	case SourceDown, SourceUp:
		h.source = note.Kind
		h.sourced++
	}
	m.resumable(note.At)
	if note.Kind == Gap && !note.Conflated && !h.uncount && h.skipped != h.missed {
		m.errorf("up to the gap's end %v, %d messages are left out, %d told", note.At, h.skipped, h.missed)
	}
}

func (m *modelled) gap(n Notice) {
	h := &m.got
	first := m.start.gone && h.gaps == 0 // it begins with what was lost before the start
	h.gaps++
	if n.Conflated {
		h.conflated++
	}
	if n.AtLeast {
		h.atLeast++
	}
	if n.Unknown != (first && m.start.gap.unknown) {
		m.errorf("gap %+v of a start %+v", n, m.start)
	}
	if !n.Unknown && (n.From.Seq > n.At.Seq || n.From.Seq < h.received) {
		m.errorf("gap %v…%v behind message %d", n.From, n.At, h.received)
	}
	if first && m.filter == nil {
		n.Missed -= m.start.gap.missed
	}
	h.missed += n.Missed
	h.uncount = h.uncount || n.AtLeast && !(first && m.filter != nil && !n.Conflated && n.At.Seq == m.start.seq)
}

// resumable: all up to a position that is told was received, or told to be missed.
func (m *modelled) resumable(at Position) {
	h := &m.got
	if at.Seq < h.received {
		m.errorf("told to stand at %v, behind message %d", at, h.received)
	}
	m.account(at.Seq)
	h.told = at
}

func (m *modelled) closed(body string) {
	h := &m.got
	h.closing = body
	word, position, _ := strings.Cut(body, " ")
	if word == Gone.String() {
		if h.messages > 0 || m.format.notices || !m.start.gone {
			m.errorf("closed as gone behind %d messages", h.messages)
		}
		return
	}
	at, err := ParsePosition(position)
	if err != nil {
		m.errorf("close %q: %v", body, err)
	}
	m.resumable(at)
}

// errorf fails the test, and tells which client it was.
func (m *modelled) errorf(format string, args ...any) {
	m.t.Helper()
	why, _ := m.Reason()
	filter := "all"
	if m.filter != nil {
		filter = fmt.Sprintf("%q", m.filter.text)
	}
	m.t.Errorf("client of %d messages from %+v, snapshot %v, filter %s, policy %d, notices %v, left %v: %s",
		m.got.messages, m.start, m.first, filter, m.policy, m.format.notices, why, fmt.Sprintf(format, args...))
}
