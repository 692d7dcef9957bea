package config

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/rs/zerolog"

	"fantail/cmd/fantail/internal/text"
	"fantail/hub"
	"fantail/relay"
)

// The parsers of single values are pure functions of the text. An error follows
// "NAME=value: " and says what is wrong and what would be right.

// count parses a whole number within bounds.
func count(least, most int) func(string) (int, error) {
	return func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil {
			return 0, fmt.Errorf("not a whole number; write one from %d to %d", least, most)
		}
		return n, within(n, least, most, strconv.Itoa)
	}
}

// size parses a number of bytes within bounds. KiB, MiB, GiB and TiB are powers of 1024,
// and KB, MB, GB and TB of 1000; a number without a unit is bytes. A comma is refused,
// since it separates thousands for some readers and a fraction for others.
func size[T int | int64](least, most int64) func(string) (T, error) {
	if int64(T(most)) != most { // T has 32 bits
		most = math.MaxInt32
	}
	return func(s string) (T, error) {
		n, err := humanize.ParseBytes(s)
		if err != nil || strings.Contains(s, ",") {
			return 0, errors.New("not a size; write one such as 64KiB, 128MiB, 1GiB, 5MB or 1000")
		}
		if n > math.MaxInt64 {
			n = math.MaxInt64
		}
		return T(n), within(int64(n), least, most, formatSize)
	}
}

// formatSize writes a size in the largest binary unit that divides it, so that size
// parses it to the same number.
func formatSize(n int64) string {
	units := []string{"", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for ; n != 0 && n%kib == 0 && i < len(units)-1; i++ {
		n /= kib
	}
	return strconv.FormatInt(n, 10) + units[i]
}

// duration parses a time.Duration within bounds.
func duration(least, most time.Duration) func(string) (time.Duration, error) {
	return func(s string) (time.Duration, error) {
		d, err := time.ParseDuration(s)
		if err != nil {
			return 0, errors.New("not a duration; write a number with its unit, such as 500ms, 10s or 2m")
		}
		return d, within(d, least, most, time.Duration.String)
	}
}

func within[T cmp.Ordered](v, least, most T, format func(T) string) error {
	switch {
	case v < least:
		return fmt.Errorf("too small; write at least %s", format(least))
	case v > most:
		return fmt.Errorf("too large; write at most %s", format(most))
	}
	return nil
}

// zeroOr also accepts zero, which is off, below the bounds of parse.
func zeroOr(parse func(string) (time.Duration, error)) func(string) (time.Duration, error) {
	return func(s string) (time.Duration, error) {
		if d, err := time.ParseDuration(s); err == nil && d == 0 {
			return 0, nil
		}
		d, err := parse(s)
		if err != nil {
			err = fmt.Errorf("%w, or 0", err)
		}
		return d, err
	}
}

// zeroIs accepts zero and returns another value for it.
func zeroIs(off time.Duration, parse func(string) (time.Duration, error)) func(string) (time.Duration, error) {
	return func(s string) (time.Duration, error) {
		d, err := zeroOr(parse)(s)
		if err == nil && d == 0 {
			d = off
		}
		return d, err
	}
}

// auto is the text of a value that the relay chooses itself.
const auto = "auto"

// autoOr also accepts the word auto, for which it returns value.
func autoOr[T any](value T, parse func(string) (T, error)) func(string) (T, error) {
	return func(s string) (T, error) {
		if s == auto {
			return value, nil
		}
		t, err := parse(s)
		if err != nil {
			err = fmt.Errorf("%w, or auto", err)
		}
		return t, err
	}
}

// choice parses one of a few words.
func choice(words ...string) func(string) (string, error) {
	return func(s string) (string, error) {
		if !slices.Contains(words, s) {
			return "", fmt.Errorf("not known; write %s", strings.Join(words, " or "))
		}
		return s, nil
	}
}

// parsePolicy parses the policy for slow clients.
func parsePolicy(s string) (hub.Policy, error) {
	p, ok := relay.ParsePolicy(s)
	if !ok {
		return p, errors.New("not known; write evict, skip or conflate")
	}
	return p, nil
}

// parseBool parses a yes or no.
func parseBool(s string) (bool, error) {
	_, err := choice("true", "false")(s)
	return s == "true", err
}

// parseLevel parses one of the four levels that Fantail logs at.
func parseLevel(s string) (zerolog.Level, error) {
	if _, err := choice("debug", "info", "warn", "error")(s); err != nil {
		return zerolog.NoLevel, err
	}
	return zerolog.ParseLevel(s)
}

// parseListen checks an address to listen on and returns it unchanged.
func parseListen(s string) (string, error) {
	const advice = "write host:port, such as :8080, 127.0.0.1:8080 or [::1]:8080"
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return "", fmt.Errorf("not an address; %s", advice)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fmt.Errorf("port %s is not a number from 0 to 65535; %s", text.Quote(port), advice)
	}
	return s, nil
}

// listOf parses a list and checks each entry.
func listOf(check func(string) error) func(string) ([]string, error) {
	return func(s string) ([]string, error) {
		entries := text.SplitList(s)
		for _, e := range entries {
			if err := check(e); err != nil {
				return nil, errors.New(strings.TrimPrefix(err.Error(), "relay: "))
			}
		}
		return entries, nil
	}
}

// asIs accepts any text.
func asIs(s string) (string, error) { return s, nil }

// trimmed removes the library's name from the errors of its parser.
func trimmed[T any](prefix string, parse func(string) (T, error)) func(string) (T, error) {
	return func(s string) (T, error) {
		value, err := parse(s)
		if err != nil {
			err = errors.New(strings.TrimPrefix(err.Error(), prefix))
		}
		return value, err
	}
}

// parseRegexp parses a regular expression. It returns nil for an empty text.
func parseRegexp(s string) (*regexp.Regexp, error) {
	if s == "" {
		return nil, nil
	}
	re, err := regexp.Compile(s)
	if err != nil {
		return nil, fmt.Errorf("not a Go regular expression: %w; see https://pkg.go.dev/regexp/syntax", err)
	}
	return re, nil
}

// parseUplink parses the treatment of clients' messages.
func parseUplink(s string) (relay.UplinkMode, error) {
	word, err := choice("reject", "ignore", "forward")(s)
	return map[string]relay.UplinkMode{"ignore": relay.UplinkIgnore, "forward": relay.UplinkForward}[word], err
}

// parseSubprotocols parses a list of subprotocol names, which are tokens (RFC
// 6455 section 4.1).
func parseSubprotocols(s string) ([]string, error) {
	names := text.SplitList(s)
	for _, n := range names {
		if !isToken(n) {
			return nil, fmt.Errorf("%s is not a subprotocol; write names such as v10.stomp, separated by commas", text.Quote(n))
		}
	}
	return names, nil
}
