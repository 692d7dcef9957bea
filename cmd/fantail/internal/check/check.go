package check

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"fantail/cmd/fantail/internal/cli"
	"fantail/cmd/fantail/internal/config"
	"fantail/cmd/fantail/internal/text"
	"fantail/feed"
	"fantail/feed/driver"
)

// maxCheck is the longest time for which a source is watched.
const maxCheck = time.Hour

// Command is the row of fantail check.
func Command() cli.Command {
	return cli.Command{
		Name:  "check",
		About: "Check the configuration and try the source",
		Detail: "It prints the configuration without its secrets, and all problems with it at\n" +
			"once. Then it connects to the source once, as the relay would. It reports each\n" +
			"step (name, TCP, TLS, handshake, messages to the source, first message), and\n" +
			"measures the feed. A step that fails says what to change. It does not touch a\n" +
			"relay that is running, but some sources allow one connection only.\n\n" +
			"Exit code: 0 the source can be used, 1 it cannot, 2 wrong configuration.",
		Examples: []string{
			"fantail check", "try the source of this environment",
			"fantail check -for 1m", "give a quiet feed more time",
		},
		Setup: setupCheck,
	}
}

// setupCheck registers the flags of fantail check.
func setupCheck(flags *flag.FlagSet) cli.Runner {
	window := flags.Duration("for", 5*time.Second, "watch the source for `TIME`")
	return func(ctx context.Context, _ []string, std cli.Stdio) error {
		if *window <= 0 || *window > maxCheck {
			return cli.Misuse(fmt.Errorf("-for %v is out of bounds; write a time from 1ms to %v", *window, maxCheck))
		}
		return check(ctx, std.Out, *window)
	}
}

// check prints the configuration, opens each source once and watches it. Its error is of
// type config.Problems if the configuration is wrong. Every other error says that a source
// cannot be used.
func check(ctx context.Context, out io.Writer, window time.Duration) error {
	c, err := config.Load()
	printConfiguration(out, config.ReadEnvironment(), c, err == nil)
	if err != nil {
		return err
	}
	r := &checkReport{out: out}
	return r.verdict(checkSources(ctx, r, c, window))
}

// checkSources checks one source after the other.
func checkSources(ctx context.Context, r *checkReport, c config.Config, window time.Duration) error {
	urls := feed.SourceURLs(c.Feed.Sources.URL)
	for i, u := range urls {
		if len(urls) == 1 {
			fmt.Fprintf(r.out, "\nSource\n")
		} else {
			fmt.Fprintf(r.out, "\nSource %d of %d: %s\n", i+1, len(urls), feed.Redact(u))
		}
		one := c
		one.Feed.Sources.URL = u
		if err := checkSource(ctx, r, one, window); err != nil && err != errSource {
			return err
		}
	}
	if r.failed {
		return errSource
	}
	return nil
}

// errSource is the error of a source that cannot be used. The report has said why.
var errSource = errors.New("a source cannot be used as it is configured; the line marked FAIL says what to change")

// checkSource probes one source and reports every step.
func checkSource(ctx context.Context, r *checkReport, c config.Config, window time.Duration) error {
	probing, stop := context.WithCancel(ctx)
	defer stop()
	w := newCheckWatch(window, stop, r)
	cfg := c.Feed
	cfg.Names = config.Names
	stats, err := feed.Probe(probing, cfg, w, func(s driver.Step) {
		r.step(s, cfg.Sources.URL)
		if s.Kind == driver.StepOpen && s.Err == nil {
			w.open()
		}
	})
	if ctx.Err() != nil {
		return errors.New("interrupted before the check was done")
	}
	if w.opened {
		r.watched(w.result(), err, c)
		r.dropped(stats.Dropped)
		r.rules(stats)
	}
	if r.failed {
		return errSource
	}
	return nil
}

// checkReport prints findings: a mark, a subject, and a text. One goroutine at a time.
type checkReport struct {
	out      io.Writer
	failed   bool
	warnings int
}

func (r *checkReport) ok(about, format string, args ...any) { r.line("ok", about, format, args...) }

func (r *checkReport) warn(about, format string, args ...any) {
	r.warnings++
	r.line("warn", about, format, args...)
}

func (r *checkReport) fail(about, format string, args ...any) {
	r.failed = true
	r.line("FAIL", about, format, args...)
}

// line prints one finding in lines that fit a terminal.
func (r *checkReport) line(mark, about, format string, args ...any) {
	head := fmt.Sprintf("  %-4s  %-9s  ", mark, about)
	for _, line := range text.Wrap(fmt.Sprintf(format, args...), text.Width-len(head)) {
		fmt.Fprintln(r.out, head+line)
		head = strings.Repeat(" ", len(head))
	}
}

// verbatim prints a message below a finding, and breaks lines where they are full.
func (r *checkReport) verbatim(message string) {
	const indent = "  %-4s  %-9s  %s\n"
	room := text.Width - len(fmt.Sprintf(indent, "", "", "")) + 1
	for runes := []rune(message); len(runes) > 0; {
		n := min(room, len(runes))
		fmt.Fprintf(r.out, indent, "", "", string(runes[:n]))
		runes = runes[n:]
	}
}

// step reports a step of the probe. Opening a source that has a host is no step of its
// own.
func (r *checkReport) step(s driver.Step, url string) {
	about := s.Kind.String()
	switch local := localSource(url); {
	case s.Err != nil:
		r.fail(about, "%s", config.Names.Text(s.Err))
	case s.Kind == driver.StepOpen && local != "":
		r.ok(about, "%s", local)
	case s.Kind == driver.StepOpen:
	case s.Kind == driver.StepTLS && time.Until(s.Expires) < certificateWarning:
		r.warn(about, "%s (%v); tell the source's operator to renew it", s.Detail, text.Brief(s.Took))
	case s.Kind == driver.StepProxy:
		r.ok(about, "%s", s.Detail)
	default:
		r.ok(about, "%s (%v)", s.Detail, text.Brief(s.Took))
	}
}

// certificateWarning is the time before a certificate's end from which check warns of it.
const certificateWarning = 14 * 24 * time.Hour

// localSource describes a source without a host. It is empty for other sources.
func localSource(url string) string {
	if feed.IsPushed(url) {
		return "messages that are POSTed to /push with the token of FANTAIL_PUSH_TOKEN"
	}
	return feed.About(url, config.Names)
}

// verdict prints the last line, unless there is an error to print.
func (r *checkReport) verdict(err error) error {
	switch {
	case err != nil:
		return err
	case r.warnings > 0:
		fmt.Fprintf(r.out, "\nThe source can be used; look at the lines marked warn (%d).\n", r.warnings)
	default:
		fmt.Fprintf(r.out, "\nThe source is good.\n")
	}
	return nil
}
