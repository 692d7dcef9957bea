package redis

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"fantail/feed/driver"
	"fantail/feed/internal/broker"
)

// streamSource reads a stream by its ids, so that nothing is lost or repeated over
// reconnects, as long as Redis keeps what is missing.
type streamSource struct {
	base
	name string
	from string // where to begin: $, 0 or an id

	// Owned by Run's goroutine.
	at         entryID       // behind the last entry that was taken
	resumes    bool          // at is set
	added      int64         // entries ever added to the stream up to at; below 0 = not known
	begun      bool          // it was found once
	removed    bool          // and was not there later
	start      *driver.Break // to be told before the next message; nil = it follows the last
	unnumbered bool          // its ids are no times, so its messages have no numbers
}

var (
	_ driver.Resumer      = (*streamSource)(nil)
	_ driver.Forwarder    = (*streamSource)(nil)
	_ driver.RetryBounded = (*streamSource)(nil)
)

func newStreamSource(d base) (*streamSource, error) {
	q := d.Query
	name, errName := q.Word("stream", "")
	from, errFrom := q.Word("from", "$")
	s := &streamSource{base: d, name: name, from: from, added: -1}
	var errID error
	if errFrom == nil && from != "$" {
		if s.at, errID = parseID(from); errID != nil {
			errID = fmt.Errorf("feed: the source URL's from=%.40q; write $ for new entries, 0 for all that are kept, or an entry's id", from)
		}
		s.resumes = errID == nil
	}
	return s, errors.Join(errName, errFrom, errID, q.Rest("stream", "from", "publish"))
}

// Position implements Resumer: ids are no positions of clients.
func (d *streamSource) Position() string { return "" }

// Forget implements Resumer.
func (d *streamSource) Forget() { d.at, d.added, d.resumes, d.start = entryID{}, -1, false, nil }

// Open connects and finds the place to read from.
func (d *streamSource) Open(ctx context.Context) (driver.Stream, error) {
	opening, cancel := context.WithTimeout(ctx, driver.HandshakeTimeout)
	defer cancel()
	l, client, err := d.connect(opening)
	if err != nil {
		return nil, err
	}
	if err := d.greet(opening, l, func() error { return d.find(client) }); err != nil {
		l.Close()
		client.Close()
		return nil, err
	}
	d.Granted(ctx)
	s := &reader{source: d, client: client, life: broker.NewLifeline(ctx, l, d.Options.Ping, nil, nil), pace: pace{count: 1}, messages: broker.Messages{Most: d.Options.MaxMessage}}
	d.Forward(s.life, &publisher{source: &d.base, command: []any{"xadd", d.PublishTo, "*", "data"}})
	return s, nil
}

// find makes sure that the stream is there and that our place in it is one.
func (d *streamSource) find(client *redis.Client) error {
	info, err := client.XInfoStream(context.Background(), d.name).Result()
	var refusal redis.Error
	if errors.As(err, &refusal) && refusal.Error() == "ERR no such key" {
		// Whatever it holds once it exists is new.
		d.at, d.added, d.resumes, d.removed = entryID{}, 0, true, d.begun
		return driver.Fail(driver.ReasonHandshake, "there is no stream %.100q in database %d of Redis; correct stream= in %v, or let its writer add the first entry", d.name, d.db, driver.SettingURL)
	}
	if err != nil {
		return err
	}
	return d.place(info)
}

// place finds where to go on, by what the stream says of itself.
func (d *streamSource) place(info *redis.XInfoStream) error {
	state, err := stateOf(info)
	if err != nil {
		return err
	}
	k, complete := state.hold(d.at, d.added, d.removed)
	to, lost, starts := broker.GoOn(broker.Place{Known: d.resumes, Begun: d.begun}, k, losses)
	switch {
	case to == broker.AtEnd:
		d.at, d.added = state.last, state.added
	case !complete:
		d.added = state.added - state.length
	}
	if starts {
		d.setNumberingStart(state, lost)
	}
	d.resumes, d.begun, d.removed = true, true, false
	return nil
}

// streamState is what a stream says of itself. Redis counts the entries ever added
// since version 7; before, a trimmed stream is not noticed.
type streamState struct {
	first, last   entryID // last is that of the last entry ever; first is none in an empty stream
	length, added int64   // entries now, and ever; added is 0 with an old Redis
}

func stateOf(info *redis.XInfoStream) (streamState, error) {
	last, err := parseID(info.LastGeneratedID)
	if err != nil {
		return streamState{}, fmt.Errorf("the stream's last id: %w", err)
	}
	first, _ := parseID(info.FirstEntry.ID)
	return streamState{first, last, info.Length, info.EntriesAdded}, nil
}

// hold holds the place behind at against the stream, of which added entries had been
// added up to there, below 0 if that is not known. removed says that the stream was
// missing since. complete reports that all behind the place is there, as far as that
// can be known.
func (s streamState) hold(at entryID, added int64, removed bool) (k broker.Kept, complete bool) {
	k = broker.Kept{Remade: removed, Short: s.last.before(at)}
	if s.added == 0 || s.length > 0 && !at.before(s.first) {
		return k, true
	}
	if added >= 0 {
		k.Missing = s.added - s.length - added
	}
	return k, false
}

var losses = broker.Losses{
	MadeAnew: errors.New("the stream in Redis was made anew; going on with its first entry"),
	LostEnd:  errors.New("the stream in Redis ends before what was read of it: it was made anew or lost its end; going on with what is added from here on"),
	Trimmed:  errors.New("the stream in Redis was trimmed before its entries were read; have its writer keep more (XADD MAXLEN)"),
}

// setNumberingStart has a numbering start before the next message. What is no longer
// there before the first entry, nobody knows; so it starts there if we stand before it.
func (d *streamSource) setNumberingStart(s streamState, lost driver.Loss) {
	behind, ok := d.at.number()
	if s.length > 0 && d.at.before(s.first) {
		behind, ok = s.first.number()
		behind--
	}
	d.start, d.unnumbered = &driver.Break{Loss: lost}, !ok
	if ok {
		d.start.Numbering = driver.Numbering{Name: fmt.Sprintf("redis stream %s in %d", d.name, d.db), Behind: behind}
	}
}

// reader is one connection that reads entries as they come. XREAD waits in
// Redis for at most half the time after which its silence would be suspicious,
// so the answers are its signs of life.
type reader struct {
	// Static after open.
	source *streamSource
	client *redis.Client
	life   *broker.Lifeline

	// Owned by next.
	pace pace
	rest []any // entries that Redis has sent already
	buf  []byte

	messages broker.Messages // owned by next
}

// Next returns the next entry, and asks for more when there is none.
func (s *reader) Next() (driver.Event, error) {
	d := s.source
	if start := d.start; start != nil {
		d.start = nil
		return driver.NumberingStart(start.Numbering, start.Loss), nil
	}
	for len(s.rest) == 0 {
		if err := s.read(); err != nil {
			return driver.Event{}, s.explain(err)
		}
	}
	id, fields, err := parseEntry(s.rest[0])
	if err != nil {
		return driver.Event{}, driver.Fail(driver.ReasonLost, "Redis sent an entry that makes no sense: %w", err)
	}
	number, ok := id.number()
	if !ok && !d.unnumbered {
		d.unnumbered = true
		return driver.NumberingStart(driver.Numbering{}, driver.Loss{Detail: fmt.Errorf("the stream in Redis has the id %v, which is no time in ms, so positions are good at this relay alone; let Redis choose the ids (XADD *)", id)}), nil
	}
	s.rest = s.rest[1:]
	return s.take(id, number, fields), nil
}

// take makes the message of an entry.
func (s *reader) take(id entryID, number uint64, fields []any) driver.Event {
	d := s.source
	d.at = id
	if d.added >= 0 {
		d.added++
	}
	var err error
	if s.buf, err = appendFields(s.buf[:0], fields); err != nil {
		return driver.Dropped(driver.DropNotUTF8)
	}
	if d.unnumbered {
		number = 0
	}
	return s.messages.Event(d.name, s.buf, number)
}

// read asks for entries behind the last one.
func (s *reader) read() error {
	d := s.source
	wait := max(d.Options.Ping.Milliseconds()/2, 1)
	reply, err := s.client.Do(context.Background(), "xread", "count", s.pace.count, "block", wait, "streams", d.name, d.at.String()).Slice()
	if errors.Is(err, redis.Nil) { // nothing came in that time
		return nil
	}
	if err != nil {
		return err
	}
	s.rest, err = entriesOf(reply)
	s.pace.saw(s.rest)
	return err
}

func (s *reader) explain(err error) *driver.Failure {
	var refusal redis.Error
	if errors.As(err, &refusal) {
		return s.source.base.explain(err)
	}
	return s.life.Explain(err)
}

func (s *reader) Close() {
	s.life.End()
	s.client.Close()
}
