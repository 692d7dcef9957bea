package redis

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"fantail/feed/driver"
	"fantail/feed/internal/broker"
)

// streamSource reads a stream by its ids. So nothing is lost or repeated after a reconnect
// while Redis keeps what is missing.
type streamSource struct {
	base
	name string
	from string // where to begin: $, 0 or an id

	// Owned by Open, then by Next of its stream. There is one stream at a time.
	at         entryID       // id of the last entry that was taken
	resumes    bool          // at is set
	added      int64         // entries ever added to the stream up to at; below 0 = unknown
	begun      bool          // the stream was found before
	removed    bool          // the stream was found before, and missing later
	start      *driver.Break // to be returned before the next message; nil = nothing
	unnumbered bool          // its ids are not times, so its messages have no numbers
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
			errID = fmt.Errorf("feed: the source URL's from=%.40q; write $ for new entries, 0 for all entries that are kept, or the id of an entry", from)
		}
		s.resumes = errID == nil
	}
	return s, errors.Join(errName, errFrom, errID, q.Rest("stream", "from", "publish"))
}

// Position implements driver.Resumer. Ids are not positions that clients know.
func (d *streamSource) Position() string { return "" }

// Forget implements driver.Resumer.
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

// find checks that the stream is there, and finds our place in it.
func (d *streamSource) find(client *redis.Client) error {
	info, err := client.XInfoStream(context.Background(), d.name).Result()
	var refusal redis.Error
	if errors.As(err, &refusal) && refusal.Error() == "ERR no such key" {
		// All entries that it has once it exists are new.
		d.at, d.added, d.resumes, d.removed = entryID{}, 0, true, d.begun
		return driver.Fail(driver.ReasonHandshake, "there is no stream %.100q in database %d of Redis; correct stream= in %v, or add its first entry", d.name, d.db, driver.SettingURL)
	}
	if err != nil {
		return err
	}
	return d.place(info)
}

// place finds where to go on, from what Redis says about the stream.
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

// streamState is what Redis says about a stream. Redis counts the entries ever added since
// version 7. Before, a trimmed stream is not noticed.
type streamState struct {
	first, last   entryID // of the first entry, zero in an empty stream; of the last entry ever added
	length, added int64   // entries now; entries ever added, 0 with an old Redis
}

func stateOf(info *redis.XInfoStream) (streamState, error) {
	last, err := parseID(info.LastGeneratedID)
	if err != nil {
		return streamState{}, fmt.Errorf("the stream's last id: %w", err)
	}
	first, _ := parseID(info.FirstEntry.ID)
	return streamState{first, last, info.Length, info.EntriesAdded}, nil
}

// hold compares the place behind at with the stream. added is the number of entries that had
// been added up to that place; below 0 = unknown. removed says that the stream was missing
// since. complete reports whether all entries behind the place are there, as far as Redis can
// tell. It is pure.
func (s streamState) hold(at entryID, added int64, removed bool) (k broker.Kept, complete bool) {
	k = broker.Kept{Recreated: removed, Short: s.last.before(at)}
	if s.added == 0 || s.length > 0 && !at.before(s.first) {
		return k, true
	}
	if added >= 0 {
		k.Missing = s.added - s.length - added
	}
	return k, false
}

var losses = broker.Losses{
	Recreated: errors.New("the stream in Redis was recreated; going on with its first entry"),
	LostEnd:   errors.New("the stream in Redis ends before what was read of it: it was recreated or lost its end; going on with entries that are added from now on"),
	Trimmed:   errors.New("the stream in Redis was trimmed before its entries were read; have its writer keep more (XADD MAXLEN)"),
}

// setNumberingStart makes a numbering start before the next message. If we stand before the
// first entry that is kept, the numbering starts there, because what came before that entry
// is unknown.
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

// reader is one connection that reads entries as they come. XREAD waits in Redis for at most
// half of the lifeline's interval, so the answers are signs of life.
type reader struct {
	// Static after Open.
	source *streamSource
	client *redis.Client
	life   *broker.Lifeline

	// Owned by Next.
	pace     pace
	rest     []any // entries that Redis has sent and Next has not returned yet
	buf      []byte
	messages broker.Messages
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
		return driver.Event{}, driver.Fail(driver.ReasonLost, "Redis sent an entry that cannot be read: %w", err)
	}
	number, ok := id.number()
	if !ok && !d.unnumbered {
		d.unnumbered = true
		return driver.NumberingStart(driver.Numbering{}, driver.Loss{Detail: fmt.Errorf("the stream in Redis has the id %v, which is not a time in ms, so positions are valid only at this relay; let Redis choose the ids (XADD *)", id)}), nil
	}
	s.rest = s.rest[1:]
	return s.take(id, number, fields), nil
}

// take returns the event of an entry, and moves our place behind it.
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

// read asks for the entries behind the last one, and waits for them.
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

// Close drops the connection.
func (s *reader) Close() {
	s.life.End()
	s.client.Close()
}
