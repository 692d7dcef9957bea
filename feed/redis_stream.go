package feed

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"fantail/hub"
)

// redisStream reads a stream by its ids, so that nothing is lost or repeated over
// reconnects, as long as Redis keeps what is missing.
type redisStream struct {
	redisDriver
	name string
	from string // where to begin: $, 0 or an id

	// Owned by Run's goroutine.
	at      redisID // behind the last entry that was taken
	resumes bool    // at is set
	added   int64   // entries ever added to the stream up to at; below 0 = not known
	lapse   *lapse  // to be told before the next message; nil = nothing is missing
}

func newRedisStream(d redisDriver) (*redisStream, error) {
	q := d.query
	name, errName := q.word("stream", "")
	from, errFrom := q.word("from", "$")
	s := &redisStream{redisDriver: d, name: name, from: from, added: -1}
	var errID error
	if errFrom == nil && from != "$" {
		if s.at, errID = parseRedisID(from); errID != nil {
			errID = fmt.Errorf("feed: the source URL's from=%.40q; write $ for new entries, 0 for all that are kept, or an entry's id", from)
		}
		s.resumes = errID == nil
	}
	return s, errors.Join(errName, errFrom, errID, q.rest("stream", "from"))
}

// open connects and finds the place to read from.
func (d *redisStream) open(ctx context.Context) (stream, error) {
	opening, cancel := context.WithTimeout(ctx, handshakeTimeout)
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
	d.granted(ctx)
	return &redisReader{source: d, client: client, life: newLifeline(ctx, l, d.cfg.Ping, nil, nil), pace: redisPace{count: 1}}, nil
}

// find makes sure that the stream is there and that our place in it is one.
func (d *redisStream) find(client *redis.Client) error {
	info, err := client.XInfoStream(context.Background(), d.name).Result()
	var refusal redis.Error
	if errors.As(err, &refusal) && refusal.Error() == "ERR no such key" {
		// Whatever it holds once it exists is new.
		d.at, d.added, d.resumes = redisID{}, 0, true
		return fail(ReasonHandshake, "there is no stream %.100q in database %d of Redis; correct stream= in FANTAIL_SOURCE_URL, or let its writer add the first entry", d.name, d.db)
	}
	if err != nil {
		return err
	}
	return d.place(info)
}

// place holds our place against what the stream says of itself. Redis counts
// the entries ever added since version 7; before, a trimmed stream is not
// noticed.
func (d *redisStream) place(info *redis.XInfoStream) error {
	last, err := parseRedisID(info.LastGeneratedID)
	if err != nil {
		return fmt.Errorf("the stream's last id: %w", err)
	}
	first, _ := parseRedisID(info.FirstEntry.ID) // none in an empty stream
	switch trimmed := info.EntriesAdded - info.Length; {
	case !d.resumes:
		d.at, d.added, d.resumes = last, info.EntriesAdded, true
	case last.before(d.at): // to begin with its first entry could repeat what was read
		d.lapse = &lapse{text: "the stream in Redis ends before what was read of it: it was made anew or lost its end; going on with what is added from here on"}
		d.at, d.added = last, info.EntriesAdded
	case info.EntriesAdded == 0: // an old Redis
	case info.Length > 0 && !d.at.before(first): // all behind our place is there
	default:
		if missed := trimmed - d.added; d.added >= 0 && missed > 0 {
			d.lapse = &lapse{uint64(missed), "the stream in Redis was trimmed before its entries were read; have its writer keep more (XADD MAXLEN)"}
		}
		d.added = trimmed
	}
	return nil
}

// redisReader is one connection that reads entries as they come. XREAD waits in
// Redis for at most half the time after which its silence would be suspicious,
// so the answers are its signs of life.
type redisReader struct {
	// Static after open.
	source *redisStream
	client *redis.Client
	life   *lifeline

	// Owned by next.
	pace redisPace
	rest []any // entries that Redis has sent already
	buf  []byte
}

// next returns the next entry, and asks for more when there is none.
func (s *redisReader) next() (hub.Input, error) {
	if lapse := s.source.lapse; lapse != nil {
		s.source.lapse = nil
		return hub.Input{}, lapse
	}
	for len(s.rest) == 0 {
		if err := s.read(); err != nil {
			return hub.Input{}, s.explain(err)
		}
	}
	id, fields, err := parseRedisEntry(s.rest[0])
	s.rest = s.rest[1:]
	if err != nil {
		return hub.Input{}, fail(ReasonLost, "Redis sent an entry that makes no sense: %w", err)
	}
	s.source.at = id
	s.source.added++
	if s.buf, err = appendRedisFields(s.buf[:0], fields); err != nil {
		return hub.Input{}, DropNotUTF8
	}
	return input(s.source.name, s.buf, s.source.cfg.MaxMessage)
}

// read asks for entries behind the last one.
func (s *redisReader) read() error {
	d := s.source
	wait := max(d.cfg.Ping.Milliseconds()/2, 1)
	reply, err := s.client.Do(context.Background(), "xread", "count", s.pace.count, "block", wait, "streams", d.name, d.at.String()).Slice()
	if errors.Is(err, redis.Nil) { // nothing came in that time
		return nil
	}
	if err != nil {
		return err
	}
	s.rest, err = redisEntries(reply)
	s.pace.saw(s.rest)
	return err
}

func (s *redisReader) explain(err error) *failure {
	var refusal redis.Error
	if errors.As(err, &refusal) {
		return s.source.redisDriver.explain(err)
	}
	return s.life.explain(err)
}

func (s *redisReader) close() {
	s.life.end()
	s.client.Close()
}
