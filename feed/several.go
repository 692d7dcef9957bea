package feed

import (
	"errors"
	"fmt"
	"slices"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/stage"
	"fantail/hub/setting"
)

// newSeveral returns a feed of several sources.
func newSeveral(cfg Config, urls []string, pub Publisher, log zerolog.Logger) (*Feed, error) {
	if err := checkURLs(urls, cfg.Sources.Mode); err != nil {
		return nil, err
	}
	c := newCombination(cfg, pub, log)
	var bad []error
	for i, u := range urls {
		p := c.port()
		s, err := newSource(cfg.ofOne(u, p), p, log)
		if err != nil {
			bad = append(bad, setting.Errorf("source %d of %d: %w", i+1, len(urls), err))
		}
		c.add(s)
	}
	var errCopies, errPolicy error
	c.copies, errCopies = newCopies(cfg, len(urls))
	c.policy, errPolicy = newPolicy(cfg, c)
	if err := errors.Join(append(bad, errCopies, errPolicy)...); err != nil {
		return nil, err
	}
	return &Feed{sources: c.sources, several: c}, nil
}

// ofOne returns the configuration of one of several sources. The combination recognises copies,
// except for those that overlapping connections of one source bring.
func (c Config) ofOne(url string, p *port) Config {
	c.Sources.URL, c.Events.RelayNotice = url, p.notice
	if !c.Renewal.Overlap {
		c.Messages.ID = ""
	}
	return c
}

// newPolicy returns the policy of a mode.
func newPolicy(cfg Config, c *combination) (policy, error) {
	if cfg.Sources.Mode != Failover {
		return newConcurrent(c, cfg)
	}
	f := newFailover(spread(cfg.Sources.Host, len(c.sources)), max(0, cfg.Sources.Failback))
	f.start, f.stop, f.changed, f.publish = c.start, c.stop, c.changed, c.publishOnce
	return f, nil
}

// newCopies returns what recognises copies; nil = nothing does.
func newCopies(cfg Config, n int) (*copies, error) {
	id := cfg.Messages.ID
	if cfg.Sources.Mode == Race && id == "" {
		id = stage.ByHash
	}
	ids, err := stage.NewIdentifier(id)
	if ids == nil {
		return nil, err
	}
	return &copies{ids: ids, shares: make([]*stage.Share, n)}, nil
}

func checkURLs(urls []string, mode Mode) error {
	if len(urls) > MaxSources {
		return setting.Errorf("feed: %v names %d sources; write at most %d", driver.SettingURL, len(urls), MaxSources)
	}
	known := make(map[string]bool)
	for _, u := range urls {
		s, _ := schemeOf(u)
		if s.single != "" && known[s.single] {
			return setting.Errorf("feed: %v names %s: twice; %s", driver.SettingURL, s.name, s.single)
		}
		known[s.single] = true
		// What is pushed has no copy elsewhere, and is taken while its source is read.
		if s.pushed && mode != Merge && len(urls) > 1 {
			return setting.Errorf("feed: %v names %s: among several sources, which only %v=merge can have; set that, or write %s: alone", driver.SettingURL, s.name, driver.SettingMode, s.name)
		}
	}
	// They would share one Demand, which tells each change to a single reader.
	if len(urls) > 1 && slices.ContainsFunc(urls, OnDemand) {
		return fmt.Errorf("feed: %s is of no use with several sources; name one source, or drop %[1]s", driver.KeyPlace)
	}
	return nil
}
