package sourcetest

import (
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

// Config says how a Server plays its protocol.
type Config struct {
	Protocol Protocol

	Every time.Duration // between the feed's frames
	Count int           // of them; 0 = they do not end
	// Quiet says, for the time since New, whether the feed has nothing to say. A
	// server with a Cursor ignores it. nil = never.
	Quiet func(time.Duration) bool
	// Ends says how the first sessions end. Later ones last.
	Ends []End
	// Refuse has the server refuse every subscription.
	Refuse bool
}

// End is how the server ends a session.
type End struct {
	After   time.Duration // of the subscription
	Planned bool          // as the protocol announces it; else the connection is cut
}

// Server plays one feed. Any goroutine may call its methods.
type Server struct {
	cfg  Config    // static
	born time.Time // static

	done chan struct{} // closed by Close
	wg   sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	sessions []*session // all, ended ones too
	dials    window
	breaches []error
	next     int    // number of the next message
	past     []Data // all messages, if there is a Cursor
	heard    bool   // there was a subscriber before
	sent     []string
}

// New starts a server; Close ends it.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg, born: time.Now(), done: make(chan struct{}), dials: window{rate: cfg.Protocol.Dials}}
	s.wg.Go(s.broadcast) // ended by Close
	return s
}

// Close cuts all sessions and waits for them.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// Serve takes over a connection and returns at once.
func (s *Server) Serve(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		conn.Close()
		return
	}
	n := newSession(s, conn, len(s.sessions))
	s.sessions = append(s.sessions, n)
	if !s.dials.allow(time.Now()) {
		s.breaches = append(s.breaches, fmt.Errorf("session %d: %w", n.number, breach("more than %d connections in %v", s.dials.rate.N, s.dials.rate.Per)))
	}
	s.wg.Go(n.run) // ended by Close, or with its connection
}

// Breaches returns the rules that subscribers broke.
func (s *Server) Breaches() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.breaches)
}

// Sent returns the messages that a relay must have relayed by now, in order.
func (s *Server) Sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// Session is the record of a connection.
type Session struct {
	Opened, Subscribed, Ended time.Time // zero = not yet
	Answers                   int       // to the server's pings and beats, in time
	Why                       error     // of the end: ErrLeft, ErrPlanned, ErrCut, or a breach
}

// Sessions returns all sessions in the order of their start.
func (s *Server) Sessions() []Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Session
	for _, n := range s.sessions {
		all = append(all, n.record)
	}
	return all
}

// broadcast sends message after message to all subscribers.
func (s *Server) broadcast() {
	tick := time.NewTicker(s.cfg.Every)
	defer tick.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-tick.C:
			s.publish()
		}
	}
}

// publish sends the next frame. The feed waits while there is no subscriber. A feed that
// repeats its past waits only for the first one.
func (s *Server) publish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	lasting := s.cfg.Protocol.Cursor != nil
	switch {
	case s.cfg.Count > 0 && s.next == s.cfg.Count:
		return
	case !lasting && s.cfg.Quiet != nil && s.cfg.Quiet(time.Since(s.born)):
		return
	}
	d := s.cfg.Protocol.Data(s.next)
	got := lasting && s.heard // a subscriber that comes back asks for it
	for _, n := range s.sessions {
		if n.listens {
			n.pushLocked(d.Frame)
			got = true
		}
	}
	if !got {
		return
	}
	if lasting {
		s.past = append(s.past, d)
	}
	s.sent = append(s.sent, d.messages()...)
	s.next++
}

// subscribe gives a session all messages from now on, and the past ones that it asks
// for.
func (s *Server) subscribe(n *session, query string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n.record.Subscribed = time.Now()
	n.listens, s.heard = true, true
	if s.cfg.Protocol.Cursor == nil {
		return
	}
	if from, ok := s.cfg.Protocol.Cursor(query); ok {
		for _, d := range s.past[min(max(0, from), len(s.past)):] {
			n.pushLocked(d.Frame)
		}
	}
}

// unsubscribe ends the messages of a session.
func (s *Server) unsubscribe(n *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n.listens = false
}

// answered counts an answer that a session waited for.
func (s *Server) answered(n *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n.record.Answers++
}

// ended completes the record of a session.
func (s *Server) ended(n *session, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n.listens = false
	n.record.Ended, n.record.Why = time.Now(), why
	if isBreach(why) {
		s.breaches = append(s.breaches, fmt.Errorf("session %d, after %v: %w", n.number, time.Since(n.record.Opened), why))
	}
}
