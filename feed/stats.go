package feed

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"fantail/feed/arbiter"
	"fantail/feed/driver"
	"fantail/feed/stage"
)

// Stats is a snapshot of a Feed's figures.
type Stats struct {
	Source        string    // the URL, fit for logs: user, password and what looks like a secret are masked
	Position      string    // behind the last message of a relay that is resumed; empty = unknown
	Connected     bool      // a connection to the source is open
	EverConnected bool      // a connection was open at some time
	Messages      uint64    // published
	Bytes         uint64    // their payloads
	LastMessage   time.Time // when the last one was received; zero = none yet

	// Reconnects counts by reason how often a connection failed or was lost
	// and another was tried. Every reason has an entry.
	Reconnects map[driver.Reason]uint64
	// Dropped counts the messages that were not published. Every reason has
	// an entry.
	Dropped map[driver.DropReason]uint64
	// BadKeys counts the messages that were published without a key because
	// theirs is longer than hub.MaxKey or not UTF-8.
	BadKeys uint64
	// Alarm is set by an answer that a Fatal rule matches, until a later
	// connection has delivered messages for a while.
	Alarm bool
	// Rules says how often each of Messages.Rules matched.
	Rules []stage.RuleStats
	// Unsent counts the replies that were not sent.
	Unsent uint64
	// Taking is the number of connections that take messages of Feed.Send.
	Taking int
	// Outage is the sum of all outages, with the present one up to now.
	Outage time.Duration

	// Sources are the figures of each of several sources, in the order of their
	// URLs, where Messages are those received; nil for one source. The figures
	// above are then those of the feed: Messages are those published, and an
	// outage is a time without any source. What is counted by reason is the sum,
	// and Alarm is set if it is for each source.
	Sources []Stats
	Arbiter arbiter.Stats // of several sources that race
}

// add adds one source's figures to the feed's.
func (s *Stats) add(one Stats) {
	s.Source = strings.TrimSpace(s.Source + " " + one.Source)
	s.BadKeys += one.BadKeys
	s.Unsent += one.Unsent
	for why, n := range one.Reconnects {
		s.Reconnects[why] += n
	}
	for why, n := range one.Dropped {
		s.Dropped[why] += n
	}
}

// meter holds the figures of a source or feed. Any goroutine may call its methods.
type meter struct {
	// Atomic, written by Run once a message.
	messages atomic.Uint64
	bytes    atomic.Uint64
	last     atomic.Int64 // ns since 1970; 0 = none yet
	drops    [driver.DropReasonCount]atomic.Uint64
	badKeys  atomic.Uint64
	alarm    atomic.Bool

	mu         sync.Mutex // guards all below
	connected  bool
	ever       bool
	away       time.Time // start of the present outage; zero = none
	tries      int       // failures within the present outage
	outage     time.Duration
	reconnects [driver.ReasonCount]uint64
}

func (m *meter) message(now time.Time, n int) {
	m.messages.Add(1)
	m.bytes.Add(uint64(n))
	m.last.Store(now.UnixNano())
}

// up notes that a connection is open and returns the outage that this ends,
// with the number of failures in it. first says that it is the first ever.
func (m *meter) up(now time.Time) (outage time.Duration, tries int, first bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	outage, tries, first = m.endOutageLocked(now), m.tries, !m.ever
	m.connected, m.ever, m.tries = true, true, 0
	return outage, tries, first
}

// down notes that a connection was lost or not made. An outage starts unless
// there is one.
func (m *meter) down(now time.Time, reason driver.Reason) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if reason == driver.ReasonFatal {
		m.alarm.Store(true)
	}
	m.connected = false
	m.tries++
	m.reconnects[reason]++
	if m.away.IsZero() {
		m.away = now
	}
}

// failed counts a connection that is replaced, or a successor that was not made,
// while the source is not away.
func (m *meter) failed(reason driver.Reason) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reconnects[reason]++
}

// gone notes that no source is left. An outage starts unless there is one.
func (m *meter) gone(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.connected = false
	if m.away.IsZero() {
		m.away = now
	}
}

// wasUp reports whether there was ever a connection.
func (m *meter) wasUp() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ever
}

// stop notes that no further connection will be tried.
func (m *meter) stop(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.endOutageLocked(now)
	m.connected = false
}

func (m *meter) endOutageLocked(now time.Time) time.Duration {
	if m.away.IsZero() {
		return 0
	}
	outage := now.Sub(m.away)
	m.outage += outage
	m.away = time.Time{}
	return outage
}

func (m *meter) stats(now time.Time) Stats {
	s := Stats{
		Messages:   m.messages.Load(),
		Bytes:      m.bytes.Load(),
		BadKeys:    m.badKeys.Load(),
		Alarm:      m.alarm.Load(),
		Reconnects: make(map[driver.Reason]uint64, driver.ReasonCount),
		Dropped:    make(map[driver.DropReason]uint64, driver.DropReasonCount),
	}
	if ns := m.last.Load(); ns != 0 {
		s.LastMessage = time.Unix(0, ns)
	}
	for i := range m.drops {
		s.Dropped[driver.DropReason(i)] = m.drops[i].Load()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s.Connected, s.EverConnected, s.Outage = m.connected, m.ever, m.outage
	for i, n := range m.reconnects {
		s.Reconnects[driver.Reason(i)] = n
	}
	if !m.away.IsZero() {
		s.Outage += now.Sub(m.away)
	}
	return s
}
