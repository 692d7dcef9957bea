package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"fantail/cmd/fantail/internal/text"
	"fantail/feed"
	"fantail/feed/driver"
	"fantail/feed/stage"
)

// parseSource has feed check the address of a source. The error shows no secret of it. An
// empty text is never the demo: an operator who sets the variable wants another feed.
func parseSource(s string) (string, error) {
	if s == "" {
		return "", errors.New("set, but empty; write the address of the feed, such as wss://example.com/feed, or demo: for the demo feed")
	}
	cfg := feed.Config{Sources: feed.Sources{URL: s}, Stdin: strings.NewReader("")}
	if stage.HasCursor(s) {
		cfg.Messages.Cursor = "any" // the cross-check has the real one
	}
	_, err := feed.New(cfg, nil, zerolog.Nop())
	return s, err
}

// reread returns a parser of a value that is written out or, as @file, in a file. The
// parsed value is a function that reads and parses again at each call, so that a rotated
// secret counts from the next connect on. Any goroutine may call it. The parser calls it
// once, to check the value.
func reread[T any](parse func([]byte) (T, error)) func(string) (func() (T, error), error) {
	return func(s string) (func() (T, error), error) {
		get := func() (T, error) {
			text, err := contents(s)
			if err != nil {
				var none T
				return none, err
			}
			return parse(text)
		}
		_, err := get()
		return get, err
	}
}

// contents returns the value, or the content of the file that it names.
func contents(value string) ([]byte, error) {
	name, isFile := strings.CutPrefix(value, "@")
	if !isFile {
		return []byte(value), nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%w; write @ and the name of a readable file", err)
	}
	return text, nil
}

// parseFrames parses the messages to send to a source: a JSON array. Its strings are sent
// as they are and its other values as JSON, so that a subscription needs no escapes. An
// empty text has no messages.
func parseFrames(text []byte) ([]string, error) {
	var values []json.RawMessage
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(text, &values); err != nil || values == nil {
		return nil, fmt.Errorf(`not a JSON array%s; write the messages such as [{"op":"subscribe"},"ping"]`, where(err))
	}
	frames := make([]string, len(values))
	for i, v := range values {
		frames[i] = frame(v)
	}
	return frames, nil
}

// frame returns the text to send for a valid JSON value.
func frame(v json.RawMessage) string {
	if v[0] == '"' {
		var s string
		_ = json.Unmarshal(v, &s) // cannot fail: v was parsed before
		return s
	}
	var compact bytes.Buffer
	_ = json.Compact(&compact, v) // cannot fail either
	return compact.String()
}

// parseHeaders parses the headers of the connection to a source: a JSON object whose values
// are strings or arrays of strings. An empty text has no headers. An error shows names and
// no values.
func parseHeaders(text []byte) (http.Header, error) {
	var values map[string]headerValues
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(text, &values); err != nil || values == nil {
		return nil, fmt.Errorf(`not a JSON object of strings%s; write the headers such as {"Authorization":"Bearer …"}`, where(err))
	}
	header := make(http.Header, len(values))
	for name, vs := range values {
		if err := checkHeader(name, vs); err != nil {
			return nil, err
		}
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		header[canonical] = append(header[canonical], vs...)
	}
	return header, nil
}

// headerValues are the values of one header, written as a string or an array.
type headerValues []string

func (h *headerValues) UnmarshalJSON(text []byte) error {
	var one string
	if err := json.Unmarshal(text, &one); err == nil {
		*h = headerValues{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(h))
}

// checkHeader checks a header against RFC 9110 section 5. It refuses the headers that the
// handshake sets itself (RFC 6455 section 4.1).
func checkHeader(name string, values []string) error {
	canonical := textproto.CanonicalMIMEHeaderKey(name)
	switch {
	case !isToken(name):
		return fmt.Errorf("%s is not a header name; write one such as Authorization", text.Quote(name))
	case canonical == "Host", canonical == "Connection", canonical == "Upgrade", strings.HasPrefix(canonical, "Sec-Websocket-"):
		return fmt.Errorf("%s is set by the handshake; leave it out", name)
	}
	for _, v := range values {
		if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return fmt.Errorf("the value of %s has a control character in it, perhaps a line break; take it out", name)
		}
	}
	return nil
}

// parseKey checks where a message has its key, and returns the text unchanged.
var parseKey = trimmed("feed: ", func(s string) (string, error) { return s, stage.CheckKey(s) })

// parseID checks what makes two messages the same, and returns the text unchanged.
func parseID(s string) (string, error) {
	if s == "hash" {
		return s, nil
	}
	return parseKey(s)
}

// parseRate parses a number of messages a second, or in another time.
func parseRate(s string) (driver.Rate, error) {
	number, per, found := strings.Cut(s, "/")
	if !found {
		per = "1s"
	}
	n, err := count(0, 10_000)(number)
	if err != nil {
		return driver.Rate{}, fmt.Errorf("%w, perhaps with a time, such as 5 or 20/10s", err)
	}
	d, err := duration(tick, hour)(per)
	if err != nil {
		return driver.Rate{}, fmt.Errorf("the time after the / is %w", err)
	}
	if n == 0 {
		return driver.Rate{}, nil
	}
	return driver.Rate{Count: n, Per: d}, nil
}

// parseWSPing parses the interval of WebSocket pings, or that there are none.
func parseWSPing(s string) (time.Duration, error) {
	if s == "off" {
		return driver.NoPing, nil
	}
	return zeroIs(driver.NoPing, duration(tick, hour))(s)
}

// leastPushToken is the length of the shortest token that cannot be guessed.
const leastPushToken = 16

// parsePushToken parses the token of /push. The last line break of a file is not part of
// it. The cross-check judges a missing token.
func parsePushToken(text []byte) (string, error) {
	token := strings.TrimSpace(string(text))
	if n := len(token); n > 0 && n < leastPushToken {
		return "", fmt.Errorf("too short with its %d characters; write at least %d", n, leastPushToken)
	}
	return token, nil
}

// isToken reports whether s is a token (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

// where returns the byte at which JSON becomes invalid, without quoting it.
func where(err error) string {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf(" (byte %d)", e.Offset)
	}
	return ""
}
