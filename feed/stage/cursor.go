package stage

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"

	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/setting"
)

// placeholder is where a source URL wants the cursor: {cursor}, or {cursor-N} for
// a whole number that much smaller.
var placeholder = regexp.MustCompile(`\{cursor(?:-([0-9]{1,18}))?\}`)

// Cursor is how far a source was read, in the source's own words: the last value
// of Config.Cursor. A nil cursor knows nothing and changes nothing. Any goroutine.
type Cursor struct {
	keyer *Keyer
	last  atomic.Pointer[string] // nil = none yet
}

// NewCursor parses a Config.Cursor; an empty one makes a nil cursor. The source
// URL must have a place for it, and no place without one.
func NewCursor(spec, address string) (*Cursor, error) {
	keyer, err := NewKeyer(spec)
	placed := HasCursor(address)
	switch {
	case err != nil:
		return nil, setting.Errorf("feed: %v %w", driver.SettingCursor, err)
	case keyer == nil && placed:
		return nil, setting.Errorf("feed: the source URL has {cursor}, but nothing says what that is; set %v to where a message has it, such as time_us", driver.SettingCursor)
	case keyer == nil:
		return nil, nil
	case !placed:
		return nil, setting.Errorf("feed: %v is set, but the source URL has no place for it; write one such as ?cursor={cursor}", driver.SettingCursor)
	}
	return &Cursor{keyer: keyer}, nil
}

// HasCursor reports whether a source URL has a place for a Config.Cursor.
func HasCursor(address string) bool { return placeholder.MatchString(address) }

// note takes the cursor from a message, if it has one that can be used.
func (c *Cursor) note(in *hub.Input) {
	if value, err := c.keyer.Key(in.Kind, in.Payload); err == nil && value != "" {
		c.last.Store(&value)
	}
}

// Fill returns the URL to connect to. While no cursor is known, the query
// parameters that want it are left out.
func (c *Cursor) Fill(address string) string {
	if c == nil {
		return address
	}
	value := ""
	if last := c.last.Load(); last != nil {
		value = *last
	}
	path, query, found := strings.Cut(address, "?")
	path = place(path, value, url.PathEscape)
	if !found {
		return path
	}
	var kept []string
	for pair := range strings.SplitSeq(query, "&") {
		if value != "" || !placeholder.MatchString(pair) {
			kept = append(kept, place(pair, value, url.QueryEscape))
		}
	}
	if len(kept) == 0 {
		return path
	}
	return path + "?" + strings.Join(kept, "&")
}

// place puts a cursor into its places.
func place(s, value string, escape func(string) string) string {
	return placeholder.ReplaceAllStringFunc(s, func(here string) string {
		return escape(before(value, placeholder.FindStringSubmatch(here)[1]))
	})
}

// before returns the cursor that lies n before value, and value itself if it is
// no whole number or n is none.
func before(value, n string) string {
	at, errAt := strconv.ParseInt(value, 10, 64)
	back, errBack := strconv.ParseInt(n, 10, 64)
	if errAt != nil || errBack != nil {
		return value
	}
	return strconv.FormatInt(max(0, at-back), 10)
}

// cursorStream notes the cursor of each message. One goroutine.
type cursorStream struct {
	driver.Stream
	cursor *Cursor
}

func (s *cursorStream) Next() (driver.Event, error) {
	ev, err := s.Stream.Next()
	if err == nil && ev.Kind == driver.KindMessage {
		s.cursor.note(ev.Message)
	}
	return ev, err
}
