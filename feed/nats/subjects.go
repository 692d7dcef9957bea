package nats

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/nats-io/nats.go"

	"fantail/feed/driver"
	"fantail/feed/internal/broker"
)

// subjectSource subscribes to subjects. NATS keeps no history of them, so what is published
// during an outage is lost.
type subjectSource struct {
	base
	subjects broker.Names
	demand   driver.Demand
}

var (
	_ driver.Forwarder    = (*subjectSource)(nil)
	_ driver.RetryBounded = (*subjectSource)(nil)
)

func newSubjectSource(d base) (*subjectSource, error) {
	subjects, errSubjects := d.Query.All("subject")
	n, errNames := broker.NewNames(subjects)
	err := errors.Join(errSubjects, errNames, d.Query.Rest("subject", "stream", "from", "publish"))
	if err == nil && len(subjects) == 0 {
		err = errors.New("feed: the source URL does not say what to read from NATS; add ?subject=name, ?subject=name.> or ?stream=NAME")
	}
	for _, s := range n.Fixed {
		if err == nil && !isSubject(s) {
			err = fmt.Errorf("feed: the source URL's subject %.100q is not valid; a subject is words with dots between them, such as a.b, a.* or a.>", s)
		}
	}
	return &subjectSource{base: d, subjects: n, demand: n.Demand(d.Options.Demand)}, err
}

// isSubject reports whether s is a subject, with or without wildcards.
func isSubject(s string) bool {
	for word := range strings.SplitSeq(s, ".") {
		if word == "" {
			return false
		}
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}

// of returns the subjects of keys on demand. A key that cannot stand in a subject, or would be
// a wildcard there, has none, because its client could read the messages of others.
func (d *subjectSource) of(keys []string) []string {
	var all []string
	for _, name := range d.subjects.Of(keys) {
		if isSubject(name) && !strings.ContainsAny(name, "*>") {
			all = append(all, name)
		}
	}
	return all
}

// Open connects and subscribes, and waits until NATS has granted all of it.
func (d *subjectSource) Open(ctx context.Context) (driver.Stream, error) {
	opening, cancel := context.WithTimeout(ctx, driver.HandshakeTimeout)
	defer cancel()
	c, err := d.connect(opening)
	if err != nil {
		return nil, err
	}
	s := &subscription{source: d, conn: c, held: make(map[string]*nats.Subscription), messages: broker.Messages{Most: d.Options.MaxMessage}}
	if err := c.window.During(opening, s.subscribeAll); err != nil {
		c.close()
		return nil, d.explain(err)
	}
	d.Granted(ctx)
	s.life = broker.NewLifeline(ctx, c.window.Link, d.Options.Ping, nil, nil)
	s.life.Go(func() { broker.FollowDemand(d.demand, s.life, s.change) }) // ended by Close, or with the link
	d.Forward(s.life, &publisher{&d.base, c})
	return s, nil
}

// subscription is one connection that is subscribed. Its own goroutine, FollowDemand,
// subscribes and unsubscribes.
type subscription struct {
	// Static after Open.
	source *subjectSource
	conn   *connection
	life   *broker.Lifeline

	// Owned by Open, then by FollowDemand.
	held map[string]*nats.Subscription // on demand, by subject

	messages broker.Messages // owned by Next
}

// subscribeAll subscribes to everything that is wanted. It fails if a fixed subject is
// refused. Clients name the subjects on demand, so one of those that is refused must not
// stop all others. Next returns it as a gap.
func (s *subscription) subscribeAll() error {
	d := s.source
	for _, subject := range d.subjects.Fixed {
		if _, err := s.conn.ChanSubscribe(subject, s.conn.queue); err != nil {
			return err
		}
	}
	if err := s.conn.granted(); err != nil {
		return err
	}
	if err := s.want(d.demand.All()); err != nil {
		return err
	}
	if err := s.conn.granted(); !errors.Is(err, nats.ErrPermissionViolation) {
		return err
	}
	return nil
}

func (s *subscription) want(keys []string) error {
	for _, subject := range s.source.of(keys) {
		sub, err := s.conn.ChanSubscribe(subject, s.conn.queue)
		if err != nil {
			return err
		}
		s.held[subject] = sub
	}
	return nil
}

func (s *subscription) leave(keys []string) error {
	for _, subject := range s.source.of(keys) {
		if sub := s.held[subject]; sub != nil {
			delete(s.held, subject)
			if err := sub.Unsubscribe(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *subscription) change(wanted, unwanted []string) error {
	return errors.Join(s.want(wanted), s.leave(unwanted))
}

// Next implements driver.Stream.
func (s *subscription) Next() (driver.Event, error) {
	m, err := s.conn.take(nil)
	if err != nil {
		return s.source.explainLoss(s.life, err)
	}
	return s.messages.Event(s.source.subjects.Key(m.Subject), m.Data, 0), nil
}

// Close ends the subscription and waits for its goroutines.
func (s *subscription) Close() {
	s.life.End()
	s.conn.close()
}
