package nats

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"fantail/feed/driver"
	"fantail/feed/internal/broker"
	"fantail/feed/internal/redact"
)

// heartbeat is how often an idle JetStream consumer says that it exists. Nothing else tells
// that a consumer is gone.
const heartbeat = 5 * time.Second

// streamSource reads a JetStream stream by its sequences. So nothing is lost or repeated after
// a reconnect while the stream keeps what is missing.
type streamSource struct {
	base
	name    string
	subject string // of the messages to read; empty = all in the stream
	from    string // where to begin: new, all or a sequence

	// Owned by Open, then by Next of its stream. There is one stream at a time.
	at      uint64        // sequence of the last message that was taken
	created time.Time     // when the stream that at belongs to was created; zero = unknown
	start   *driver.Break // to be returned before the next message; nil = nothing
}

var (
	_ driver.Resumer      = (*streamSource)(nil)
	_ driver.Forwarder    = (*streamSource)(nil)
	_ driver.RetryBounded = (*streamSource)(nil)
)

func newStreamSource(d base) (*streamSource, error) {
	q := d.Query
	name, errName := q.Word("stream", "")
	subject, errSubject := q.Word("subject", "")
	from, errFrom := q.Word("from", "new")
	s := &streamSource{base: d, name: name, subject: subject, from: from}
	var errSeq error
	if from != "new" && from != "all" && errFrom == nil {
		first, err := strconv.ParseUint(from, 10, 64)
		if err != nil || first == 0 {
			errSeq = fmt.Errorf("feed: the source URL's from=%.40q; write new for new messages, all for all messages that are kept, or a sequence from 1", from)
		}
		s.at = first - 1
	}
	return s, errors.Join(errName, errSubject, errFrom, errSeq, q.Rest("stream", "subject", "from", "publish"))
}

// Position implements driver.Resumer. Sequences are not positions that clients know.
func (d *streamSource) Position() string { return "" }

// Forget implements driver.Resumer.
func (d *streamSource) Forget() { d.at, d.created, d.from, d.start = 0, time.Time{}, "new", nil }

// Open connects, finds the place to read from, and makes a consumer that delivers from there.
func (d *streamSource) Open(ctx context.Context) (driver.Stream, error) {
	opening, cancel := context.WithTimeout(ctx, driver.HandshakeTimeout)
	defer cancel()
	c, err := d.connect(opening)
	if err != nil {
		return nil, err
	}
	if err := c.window.During(opening, func() error { return d.consume(opening, c) }); err != nil {
		c.close()
		if f, ok := errors.AsType[*driver.Failure](err); ok {
			return nil, f
		}
		return nil, d.explainStream(err)
	}
	d.Granted(ctx)
	s := &consumer{source: d, conn: c, beat: time.NewTicker(3 * heartbeat), messages: broker.Messages{Most: d.Options.MaxMessage}}
	s.life = broker.NewLifeline(ctx, c.window.Link, d.Options.Ping, nil, nil)
	d.Forward(s.life, &publisher{&d.base, c})
	return s, nil
}

// consume makes an ephemeral consumer without acknowledgements. NATS removes it when the
// connection is gone.
func (d *streamSource) consume(ctx context.Context, c *connection) error {
	js, err := c.JetStream(nats.Context(ctx))
	if err != nil {
		return err
	}
	info, err := js.StreamInfo(d.name)
	if err != nil {
		return err
	}
	d.place(info)
	inbox := c.NewInbox()
	if _, err := c.ChanSubscribe(inbox, c.queue); err != nil {
		return err
	}
	_, err = js.AddConsumer(d.name, &nats.ConsumerConfig{
		DeliverSubject: inbox,
		DeliverPolicy:  nats.DeliverByStartSequencePolicy,
		OptStartSeq:    d.at + 1,
		AckPolicy:      nats.AckNonePolicy,
		FilterSubject:  d.subject,
		Heartbeat:      heartbeat,
		MemoryStorage:  true,
		Replicas:       1,
	})
	return err
}

// place finds where to go on, from what NATS says about the stream.
func (d *streamSource) place(info *nats.StreamInfo) {
	begun := !d.created.IsZero()
	to, lost, starts := broker.GoOn(broker.Place{Known: begun || d.from != "new", Begun: begun}, hold(d.at, d.created, info), losses)
	first := max(info.State.FirstSeq, 1)
	switch {
	case to == broker.AtEnd:
		d.at = info.State.LastSeq
	case to == broker.FromFirst:
		d.at = first - 1
	default:
		d.at = max(d.at, first-1)
	}
	d.created = info.Created
	if starts {
		d.start = &driver.Break{Loss: lost, Numbering: driver.Numbering{Name: fmt.Sprintf("nats stream %s of %d", d.name, info.Created.UnixNano()), Behind: d.at}}
	}
}

// hold compares the place behind at, in a stream of the given time of creation, with the
// present stream. A zero created means that nothing was read yet. It is pure.
func hold(at uint64, created time.Time, info *nats.StreamInfo) broker.Kept {
	switch {
	case created.IsZero():
		return broker.Kept{}
	case !info.Created.Equal(created):
		return broker.Kept{Recreated: true}
	}
	k := broker.Kept{Short: info.State.LastSeq < at}
	if first := max(info.State.FirstSeq, 1); first > at+1 {
		k.Missing = int64(first - at - 1)
	}
	return k
}

var losses = broker.Losses{
	Recreated: errors.New("the stream in NATS was recreated; going on with its first message"),
	LostEnd:   errors.New("the stream in NATS lost its end; going on with messages that are added from now on"),
	Trimmed:   errors.New("the stream in NATS was trimmed before its messages were read; raise its limits"),
}

// explainStream turns an answer of JetStream into a text that says what the operator can
// change.
func (d *streamSource) explainStream(err error) *driver.Failure {
	answer, _ := errors.AsType[*nats.APIError](err)
	switch {
	case errors.Is(err, nats.ErrStreamNotFound):
		// All messages that it has once it exists are new.
		d.from = "all"
		return driver.Fail(driver.ReasonHandshake, "there is no stream %.100q in NATS; correct stream= in %v, or create it", d.name, driver.SettingURL)
	case errors.Is(err, nats.ErrJetStreamNotEnabled), errors.Is(err, nats.ErrJetStreamNotEnabledForAccount), errors.Is(err, nats.ErrNoResponders):
		return driver.Fail(driver.ReasonHandshake, "this NATS server has no JetStream; switch it on there (jetstream {}), or read a subject: ?subject=… in %v", driver.SettingURL)
	case answer != nil:
		return driver.Fail(driver.ReasonHandshake, "NATS refused to read the stream with %q; correct stream=, subject= and from= in %v", redact.Clean(answer.Description), driver.SettingURL)
	}
	return d.explain(err)
}

// consumer is one connection over which a consumer delivers.
type consumer struct {
	// Static after Open.
	source *streamSource
	conn   *connection
	life   *broker.Lifeline

	// Owned by Next.
	delivered uint64 // number of messages that came, without holes
	heard     bool   // something came since beat last ticked
	beat      *time.Ticker
	messages  broker.Messages
}

// Next returns the next message. The consumer numbers its messages without holes. So a
// message that does not come is noticed, and read again over the next connection.
func (s *consumer) Next() (driver.Event, error) {
	d := s.source
	if start := d.start; start != nil {
		d.start = nil
		return driver.NumberingStart(start.Numbering, start.Loss), nil
	}
	for {
		m, err := s.conn.take(s.beat.C)
		switch {
		case err == errLate && s.heard:
			s.heard = false
			s.beat.Reset(3 * heartbeat) // this tick may have waited for us, so the next one may come too early
			continue
		case err == errLate:
			return driver.Event{}, driver.Fail(driver.ReasonPing, "the consumer of the stream %.100q said nothing for %v; was the stream removed?", d.name, 3*heartbeat)
		case err != nil:
			return d.explainLoss(s.life, err)
		}
		s.heard = true
		if m.Reply == "" || m.Header.Get("Status") != "" { // a heartbeat
			if count, err := strconv.ParseUint(m.Header.Get("Nats-Last-Consumer"), 10, 64); err == nil && count > s.delivered {
				return driver.Event{}, s.hole()
			}
			continue
		}
		return s.input(m)
	}
}

func (s *consumer) input(m *nats.Msg) (driver.Event, error) {
	meta, err := m.Metadata()
	if err != nil {
		return driver.Event{}, driver.Fail(driver.ReasonLost, "NATS sent a message that belongs to no stream: %w", err)
	}
	if s.delivered++; meta.Sequence.Consumer != s.delivered {
		return driver.Event{}, s.hole()
	}
	s.source.at = meta.Sequence.Stream
	return s.messages.Event(m.Subject, m.Data, meta.Sequence.Stream), nil
}

func (s *consumer) hole() *driver.Failure {
	return driver.Fail(driver.ReasonLost, "messages of the stream did not come; they are read again")
}

// Close drops the connection.
func (s *consumer) Close() {
	s.beat.Stop()
	s.life.End()
	s.conn.close()
}
