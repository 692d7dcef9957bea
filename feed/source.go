package feed

import (
	"errors"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/internal/retry"
	"fantail/feed/internal/throttle"
	"fantail/feed/renew"
	"fantail/feed/stage"
	"fantail/hub/setting"
)

// source is one URL's source: a driver, and the supervision that keeps one
// connection to it.
type source struct {
	// Static after newSource.
	driver driver.Driver   // with its stages
	origin driver.Driver   // without
	stages *stage.Pipeline // nil in tests
	idle   time.Duration   // 0 = no watchdog
	age    time.Duration   // 0 = a connection has no greatest age
	name   string          // the URL, masked
	keyer  *stage.Keyer    // nil = the source's keys
	keys   bool            // messages may have keys
	out    outlet
	number func(name string, behind uint64) // told of a broker's numbering
	names  setting.Namer
	log    zerolog.Logger

	meter meter

	// Owned by run.
	waits   *retry.Waits
	dropLog [driver.DropReasonCount]throttle.Log
	keyLog  throttle.Log
}

// outlet is where a source's messages and its ups and downs go. A source calls
// it from one goroutine, run's.
type outlet interface {
	Publisher
	// up tells that a connection is open, and the length of the outage that this ends.
	up(outage time.Duration)
	// down tells that a connection was lost or not made, and how long the source waits
	// before the next one. It is planned if the source itself is well.
	down(wait time.Duration, planned bool)
}

// newSource returns the source at cfg.URL, which has not connected yet.
func newSource(cfg Config, out outlet, log zerolog.Logger) (*source, error) {
	keyer, bad := stage.NewKeyer(cfg.Messages.Key)
	if bad != nil {
		bad = setting.Errorf("feed: %v %w", driver.SettingKey, bad)
	}
	ids, errID := stage.NewIdentifier(cfg.idSpec())
	cursor, errCursor := stage.NewCursor(cfg.Messages.Cursor, cfg.Sources.URL)
	bad = errors.Join(bad, errID, errCursor)
	s, err := findScheme(cfg.Sources.URL)
	if err != nil {
		return nil, errors.Join(err, bad)
	}
	d, err := s.open(cfg.options(cfg.Sources.URL, cursor))
	if err := errors.Join(err, checkKeyPlaces(cfg.Sources.URL), s.checkOverlap(cfg), bad, checkSending(cfg, s), checkUplink(cfg, s, d)); err != nil {
		return nil, err
	}
	f := openSource(d, Redact(cfg.Sources.URL), out, log)
	f.keyer, f.keys = keyer, keyer != nil || s.keys
	if s.remote {
		f.idle, f.age = cfg.Dialling.IdleTimeout, cfg.Renewal.MaxAge
	}
	f.assemble(cfg, ids, cursor)
	return f, nil
}

// assemble puts the stages, and overlapping connections if asked for, between the driver and the
// supervision. Overlapping connections recognise copies by themselves.
func (f *source) assemble(cfg Config, ids *stage.Identifier, at *stage.Cursor) {
	f.names = cfg.Names
	stages := stage.Config{Split: cfg.Messages.Split, Rules: cfg.Messages.Rules, Cursor: at, IDs: ids, Names: cfg.Names, Log: f.log}
	if !cfg.Renewal.Overlap || f.age == 0 {
		f.stages = stage.New(f.origin, stages)
		f.driver = f.stages
		return
	}
	stages.IDs = nil
	f.stages = stage.New(f.origin, stages)
	f.driver = renew.New(f.stages, renew.Config{Age: f.age, IDs: ids, Names: cfg.Names, Log: f.log, Failed: f.meter.failed, Lost: f.changedOver})
	f.age = 0
}

// openSource returns a source that a driver reads.
func openSource(d driver.Driver, name string, out outlet, log zerolog.Logger) *source {
	s := &source{
		driver: d,
		origin: d,
		name:   name,
		out:    out,
		number: func(string, uint64) {},
		waits:  retry.New(),
		log:    log.With().Str("component", "feed").Str("source", name).Logger(),
	}
	if d, ok := d.(driver.RetryBounded); ok {
		s.waits.Within(d.RetryWithin())
	}
	return s
}

// forget makes the next connection begin live. It is called while run is not running.
func (f *source) forget() {
	if d, ok := f.origin.(driver.Resumer); ok {
		d.Forget()
	}
	if f.stages != nil {
		f.stages.Forget()
	}
}

// stats returns the present figures. Any goroutine.
func (f *source) stats() Stats {
	s := f.meter.stats(time.Now())
	s.Source = f.name
	if d, ok := f.origin.(driver.Resumer); ok {
		s.Position = d.Position()
	}
	if f.stages != nil {
		s.Rules, s.Unsent = f.stages.Rules(), f.stages.Unsent()
	}
	return s
}
