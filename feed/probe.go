package feed

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/internal/dial"
)

// Probe opens one connection to the source, in the way in which a Feed does,
// and publishes its messages to pub until ctx ends. It never tries again. Of
// several sources it takes one: cfg.URL is one of SourceURLs.
//
// It calls report after each step, from several goroutines but one call at a time. The last step is
// StepOpen if all went well, and otherwise the step that failed. No call comes after Probe has
// returned.
//
// It returns the figures, and why it ended: nil if ctx has ended, io.EOF if the source has ended for
// good, and otherwise an error that says what to change.
func Probe(ctx context.Context, cfg Config, pub Publisher, report func(driver.Step)) (Stats, error) {
	cfg = cfg.withDefaults()
	f, err := newSingle(cfg, pub, zerolog.Nop())
	if err := errors.Join(err, cfg.check()); err != nil {
		return Stats{}, err
	}
	p := &probe{report: report, last: time.Now()}
	defer p.end()
	err = f.sources[0].connect(dial.Trace(driver.WithReporter(ctx, p.done), p.setNaming))
	stats := f.Stats()
	if ctx.Err() != nil {
		return stats, nil
	}
	p.failed(err)
	return stats, err
}

// probe puts the steps that are reported in order. Its methods may be called by any
// goroutine: the HTTP client dials in goroutines of its own, some of which are late.
type probe struct {
	report func(driver.Step)

	mu      sync.Mutex      // guards all below, and calls of report
	last    time.Time       // of the last step
	naming  bool            // a name is being resolved
	reached driver.StepKind // the last step done
	ended   bool
}

// done reports a step, unless it or a later one was reported before.
func (p *probe) done(s driver.Step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doneLocked(s)
}

func (p *probe) doneLocked(s driver.Step) {
	if p.ended || s.Err == nil && s.Kind <= p.reached {
		return
	}
	now := time.Now()
	s.Took, p.last, p.reached = now.Sub(p.last), now, s.Kind
	p.report(s)
}

func (p *probe) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
}

func (p *probe) setNaming(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.naming = on
}

// failed reports the step that failed with err. After StepOpen no step is reported, because the
// caller has seen the messages.
func (p *probe) failed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reached != driver.StepOpen {
		p.doneLocked(driver.Step{Kind: p.failedStepLocked(err), Err: err})
	}
}

func (p *probe) failedStepLocked(err error) driver.StepKind {
	f, ok := errors.AsType[*driver.Failure](err)
	switch {
	case !ok:
		return driver.StepOpen
	case f.Reason == driver.ReasonConfig:
		return driver.StepSettings
	case f.Reason == driver.ReasonDial && p.naming:
		return driver.StepName
	case f.Reason == driver.ReasonDial:
		return driver.StepTCP
	case f.Reason == driver.ReasonTLS:
		return driver.StepTLS
	case f.Reason == driver.ReasonHandshake:
		return driver.StepHandshake
	}
	return driver.StepSend
}
