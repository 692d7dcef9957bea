package feed

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/hub"
)

// Publisher takes the feed's messages. *hub.Hub is one. Publish copies the payload and never blocks.
// A Feed calls it from one goroutine.
type Publisher interface{ Publish(hub.Input) }

// Feed brings the messages of one source, or of several, to a Publisher.
type Feed struct {
	// Static after New.
	sources []*source
	several *combination     // nil = one source, which publishes by itself
	uplink  *driver.Outgoing // nil = Send is off
}

// New checks the configuration and returns a feed that has not connected yet.
// Its error holds every problem found and says what to change.
func New(cfg Config, pub Publisher, log zerolog.Logger) (*Feed, error) {
	cfg = cfg.withDefaults()
	if cfg.Sending.Uplink {
		cfg.uplink = driver.NewOutgoing()
	}
	urls := SourceURLs(cfg.Sources.URL)
	var f *Feed
	var err error
	if len(urls) > 1 || cfg.Sources.Seq != "" {
		f, err = newSeveral(cfg, urls, pub, log)
	} else {
		f, err = newSingle(cfg, pub, log)
	}
	if err := errors.Join(err, cfg.check()); err != nil {
		return nil, err
	}
	f.uplink = cfg.uplink
	return f, nil
}

func newSingle(cfg Config, pub Publisher, log zerolog.Logger) (*Feed, error) {
	s, err := newSource(cfg, &direct{Publisher: pub, notify: cfg.Events.Notify}, log)
	if s != nil && cfg.Numbered() {
		s.number = cfg.Events.Number
	}
	return &Feed{sources: []*source{s}}, err
}

// Run connects, publishes, and connects again, until ctx ends or the source has ended for good, as a
// replay without loop does. In both cases it returns nil. If a source can never be read on, such as
// a broken recording, Run returns the error; with several sources, once all have ended. All
// goroutines of Run have ended when it returns, except for the one that package stdin describes. Run
// is called once.
func (f *Feed) Run(ctx context.Context) error {
	defer f.uplink.End()
	if f.several != nil {
		return f.several.run(ctx)
	}
	err := f.sources[0].run(ctx)
	if err == io.EOF {
		f.sources[0].out.down(0, false)
		return nil
	}
	return err
}

// HasKeys reports whether messages may have keys, cut out of them or given by a source. Any goroutine
// may call it.
func (f *Feed) HasKeys() bool {
	return slices.ContainsFunc(f.sources, func(s *source) bool { return s.keys })
}

// Stats returns the present figures. Any goroutine may call it.
func (f *Feed) Stats() Stats {
	s := f.sources[0].stats()
	if f.several != nil {
		s = f.several.stats()
	}
	s.Taking = f.uplink.Taking()
	return s
}

// direct is the outlet of a single source.
type direct struct {
	Publisher
	notify func(up bool, outage time.Duration) // may be nil
	away   bool                                // notify was told that the source is away
}

func (d *direct) up(outage time.Duration) { d.tell(true, outage) }

func (d *direct) down(time.Duration, bool) { d.tell(false, 0) }

// tell tells of an outage once when it begins and once when it ends.
func (d *direct) tell(up bool, outage time.Duration) {
	if d.away == !up {
		return
	}
	d.away = !up
	if d.notify != nil {
		d.notify(up, outage)
	}
}
