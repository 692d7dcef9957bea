package tail

import (
	"errors"
	"flag"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"fantail/cmd/fantail/internal/cli"
	"fantail/cmd/fantail/internal/text"
	"fantail/feed"
	"fantail/hub"
	"fantail/hub/fantailv1"
	"fantail/relay"
)

// askRelay registers the flags of which a relay's query is made. Parsing them checks each
// value and fills in the query that askRelay returns.
func askRelay(flags *flag.FlagSet) url.Values {
	query := url.Values{}
	flags.Func("since", "resume after `POSITION`, as fantail tail prints it at its end", func(s string) error {
		_, err := hub.ParsePosition(s)
		query.Set("since", s)
		return err
	})
	flags.Func("last", "begin `N` messages back", func(s string) error {
		if n, err := strconv.Atoi(s); err != nil || n < 1 {
			return errors.New("write a number of messages above 0")
		}
		query.Set("last", s)
		return nil
	})
	flags.BoolFunc("snapshot", "begin with the newest message of each key", func(s string) error {
		on, err := strconv.ParseBool(s)
		if query.Del("snapshot"); on {
			query.Set("snapshot", "1")
		}
		return err
	})
	flags.Func("key", "only messages of this `KEY`, or of a prefix that ends in *; may be repeated", func(s string) error {
		query.Add("key", s)
		return nil
	})
	flags.Func("policy", "what becomes of a tail that is slow: `P` is evict, skip or conflate", func(s string) error {
		if _, ok := relay.ParsePolicy(s); !ok {
			return errors.New("write evict, skip or conflate")
		}
		query.Set("policy", s)
		return nil
	})
	return query
}

// ask adds the query to the URL of a relay, and has the feed resume a relay whose
// connection is lost.
func (o tailOptions) ask(cfg *feed.Config) error {
	remote := strings.HasPrefix(cfg.Sources.URL, "ws://") || strings.HasPrefix(cfg.Sources.URL, "wss://")
	cfg.Dialling.Resume = remote && !o.source
	switch {
	case len(o.query) == 0:
		return nil
	case !cfg.Dialling.Resume:
		return cli.Misuse(errors.New("-since, -last, -snapshot, -key and -policy are for relays; give the URL of a relay, such as ws://host/ws, or leave them out"))
	}
	begins := 0
	for _, name := range []string{"since", "last", "snapshot"} {
		begins += len(o.query[name])
	}
	if begins > 1 {
		return cli.Misuse(errors.New("-since, -last and -snapshot each say where to begin; give only one of them"))
	}
	u, err := url.Parse(cfg.Sources.URL)
	if err != nil {
		return cli.Misuse(errors.New("the URL is not valid; write one such as ws://host/ws"))
	}
	query := u.Query()
	for name, values := range o.query {
		query[name] = values
	}
	u.RawQuery = query.Encode()
	cfg.Sources.URL = u.String()
	return nil
}

// gaps sums up the messages that a relay has reported as missing.
type gaps struct {
	number  int    // of gaps
	missed  uint64 // messages in them
	atLeast bool   // or more
}

func (g *gaps) add(n fantailv1.Notice) {
	g.number++
	g.missed += n.Missed
	g.atLeast = g.atLeast || n.AtLeast || n.Unknown
}

// String returns for example "2 gaps, at least 120 messages missed".
func (g gaps) String() string {
	noun := "gaps"
	if g.number == 1 {
		noun = "gap"
	}
	return fmt.Sprintf("%d %s, %s", g.number, noun, missedText(g.missed, g.atLeast))
}

func missedText(n uint64, atLeast bool) string {
	text := humanize.Comma(int64(n)) + " messages missed"
	if n == 1 {
		text = "1 message missed"
	}
	switch {
	case n == 0 && atLeast:
		return "an unknown number of messages missed"
	case atLeast:
		return "at least " + text
	}
	return text
}

// notice logs a notice of a relay.
func (t *tailer) notice(n fantailv1.Notice) {
	switch n.Kind {
	case "gap":
		t.gaps.add(n)
		text := "gap: " + missedText(n.Missed, n.AtLeast || n.Unknown)
		if n.Conflated {
			text += "; the newest message of each key takes their place"
		}
		t.log.Warn().Msg(text)
	case "source":
		if n.Up {
			t.log.Info().Msgf("the relay's source is back after %v; the messages of the outage are lost", text.Brief(n.Outage))
		} else {
			t.log.Warn().Msg("the relay's source is away")
		}
	case "draining":
		t.log.Info().Msg("the relay is draining")
	}
}
