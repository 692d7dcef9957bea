package feed

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"fantail/feed/amqp"
	"fantail/feed/demo"
	"fantail/feed/driver"
	"fantail/feed/httpstream"
	"fantail/feed/internal/redact"
	"fantail/feed/nats"
	"fantail/feed/push"
	"fantail/feed/recording"
	"fantail/feed/redis"
	"fantail/feed/stage"
	"fantail/feed/stdin"
	"fantail/feed/ws"
	"fantail/hub/setting"
)

// scheme is a row of the table: how a kind of source is written and opened, and what
// else is asked of it. A field that does not apply is left out.
type scheme struct {
	names []string // in front of the colon, in lower case
	open  func(driver.Options) (driver.Driver, error)

	remote bool // reconnecting may help, so that IdleTimeout and MaxAge apply
	keys   bool // its messages have keys of their own
	sends  bool // frames can be sent to it: its streams are senders
	broker bool // its URL says what is read, and nothing has to be sent for that
	pushed bool // its messages come from Feed.Push

	single   string // why there may be only one of it; empty = there may be several
	resumed  string // why it needs no overlapping connections; empty = they may help
	onDemand string // the parameter that may have {key} in it
	stream   string // the parameter that names a stream, whose messages have numbers and no keys on demand

	about func(rest string) error // what it is, where its URL names no host

	name, rest string // of a URL: its own name, and what is behind the colon
}

// schemes is the table of all sources. No other code knows the name of a scheme.
func schemes() []scheme {
	const renewed = "a broker, whose connections need no renewal"
	return []scheme{
		{names: []string{"ws", "wss"}, open: ws.New, remote: true, sends: true},
		{names: []string{"http", "https"}, open: httpstream.New, remote: true, keys: true, resumed: "a source that is resumed by its ids"},
		{names: []string{"replay"}, open: recording.NewReplay, about: aboutReplay},
		{names: []string{"stdin"}, open: stdin.New, single: "there is one standard input", about: aboutStdin},
		{names: []string{"demo"}, open: demo.New, keys: true, about: aboutDemo},
		{names: []string{"push"}, open: push.New, keys: true, pushed: true, about: aboutPush},
		{names: []string{"redis", "rediss"}, open: redis.New, remote: true, keys: true, broker: true, resumed: renewed, onDemand: "subscribe", stream: "stream"},
		{names: []string{"nats", "tls+nats"}, open: nats.New, remote: true, keys: true, broker: true, resumed: renewed, onDemand: "subject", stream: "stream"},
		{names: []string{"amqp", "amqps"}, open: amqp.New, remote: true, keys: true, broker: true, resumed: renewed, onDemand: "bind"},
	}
}

func aboutDemo(string) error {
	return setting.Errorf("demo data, made up; set %v for a feed of your own", driver.SettingURL)
}

func aboutReplay(rest string) error {
	file, _, _ := strings.Cut(rest, "?")
	return fmt.Errorf("the recording %q", file)
}

func aboutStdin(string) error {
	return errors.New("standard input, one message from each line; what is read now is not read again")
}

func aboutPush(string) error { return errors.New("messages that are pushed") }

// schemeOf returns the row of a URL's scheme, with the name as it is written and what
// is behind the colon.
func schemeOf(address string) (s scheme, found bool) {
	name, rest, colon := strings.Cut(address, ":")
	name = strings.ToLower(name)
	for _, s := range schemes() {
		if colon && slices.Contains(s.names, name) {
			s.name, s.rest = name, rest
			return s, true
		}
	}
	return scheme{}, false
}

// findScheme returns the row of the URL's scheme.
func findScheme(address string) (scheme, error) {
	if s, found := schemeOf(address); found {
		return s, nil
	}
	var known []string
	for _, s := range schemes() {
		for _, name := range s.names {
			known = append(known, name+":")
		}
	}
	list := strings.Join(known, " ")
	name, _, colon := strings.Cut(strings.ToLower(address), ":")
	switch {
	case address == "":
		return scheme{}, setting.Errorf("feed: the source URL is empty; set %v to one that starts with %s", driver.SettingURL, list)
	case !colon || strings.ContainsAny(name, "./@?"):
		return scheme{}, fmt.Errorf("feed: the source URL has no scheme; start it with one of %s", list)
	}
	return scheme{}, fmt.Errorf("feed: the source URL has the unknown scheme %.40q; start it with one of %s", name, list)
}

// IsBroker reports whether a source URL is that of a broker. Such a URL says by itself what is read.
func IsBroker(address string) bool {
	s, _ := schemeOf(address)
	return s.broker
}

// IsPushed reports whether a source, or one of several, takes the messages of
// Feed.Push. address is a Config.URL.
func IsPushed(address string) bool {
	return slices.ContainsFunc(SourceURLs(address), func(u string) bool {
		s, _ := schemeOf(u)
		return s.pushed
	})
}

// About describes a source whose URL names no host, for people. For other sources it returns an empty
// text. names is as in Config.
func About(address string, names setting.Namer) string {
	s, _ := schemeOf(address)
	if s.about == nil {
		return ""
	}
	return names.Text(s.about(s.rest))
}

// Numbered reports whether Events.Number will be told numbers. This needs a single source that is a
// broker's stream, because several sources each have their own numbers, and no Messages.Split,
// because the parts of a message would share a number.
func (c Config) Numbered() bool {
	return c.Messages.Split == stage.SplitNone && c.Sources.Seq == "" && len(SourceURLs(c.Sources.URL)) == 1 && isStream(c.Sources.URL)
}

// isStream reports whether a source URL names a stream with numbers.
func isStream(address string) bool {
	s, _ := schemeOf(address)
	u, err := url.Parse(address)
	return err == nil && s.stream != "" && u.Query().Has(s.stream)
}

// OnDemand reports whether a source URL asks a broker for the channels of single keys.
func OnDemand(address string) bool {
	name, values := demandOf(address)
	return name != "" && hasKeyPlace(values[name])
}

// demandOf returns the parameter that may hold driver.KeyPlace, and all parameters. It is
// empty if none may.
func demandOf(address string) (name string, values url.Values) {
	s, _ := schemeOf(address)
	u, err := url.Parse(address)
	if err != nil {
		return "", nil
	}
	values, err = url.ParseQuery(u.RawQuery)
	if err != nil || s.stream != "" && values.Has(s.stream) {
		return "", values
	}
	return s.onDemand, values
}

// checkKeyPlaces refuses driver.KeyPlace in a broker's URL where it would be read as it
// stands.
func checkKeyPlaces(address string) error {
	if !IsBroker(address) {
		return nil
	}
	good, values := demandOf(address)
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if name == good || !hasKeyPlace(values[name]) {
			continue
		}
		advice := "a stream has no keys on demand"
		if good != "" {
			advice = fmt.Sprintf("only %s= may have it", good)
		}
		errs = append(errs, fmt.Errorf("feed: the source URL has %s in %.40q; %s", driver.KeyPlace, name, advice))
	}
	return errors.Join(errs...)
}

func hasKeyPlace(values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, driver.KeyPlace) })
}

// checkOverlap refuses overlapping connections to a source that loses nothing
// without them.
func (s scheme) checkOverlap(cfg Config) error {
	if cfg.Renewal.Overlap && s.resumed != "" {
		return setting.Errorf("feed: %v is of no use with %s; unset it", driver.SettingOverlap, s.resumed)
	}
	return nil
}

// Redact returns a Sources.URL that is fit for logs: without users and passwords, and with *** for
// what looks like a secret in a query or path. It accepts any text.
func Redact(address string) string {
	urls := SourceURLs(address)
	for i, u := range urls {
		urls[i] = redact.URL(u)
	}
	return strings.Join(urls, " ")
}
