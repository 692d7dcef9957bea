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

// placeholder matches the place of the cursor in a source URL: {cursor}, or {cursor-N} for
// a number that is smaller by N.
var placeholder = regexp.MustCompile(`\{cursor(?:-([0-9]{1,18}))?\}`)

// Cursor says how far a source was read, in the source's own terms: the last value of
// Messages.Cursor. A nil Cursor changes nothing. Any goroutine may call its methods.
type Cursor struct {
	keyer *Keyer
	last  atomic.Pointer[string] // nil = no value yet
}

// NewCursor parses Messages.Cursor. It returns nil for an empty one. The source URL must
// have a place for a cursor if there is one, and none otherwise.
func NewCursor(spec, address string) (*Cursor, error) {
	keyer, err := NewKeyer(spec)
	placed := HasCursor(address)
	switch {
	case err != nil:
		return nil, setting.Errorf("feed: %v %w", driver.SettingCursor, err)
	case keyer == nil && placed:
		return nil, setting.Errorf("feed: the source URL has {cursor}, but nothing says what that is; set %v to the path of the cursor in a message, such as time_us", driver.SettingCursor)
	case keyer == nil:
		return nil, nil
	case !placed:
		return nil, setting.Errorf("feed: %v is set, but the source URL has no place for it; write one such as ?cursor={cursor}", driver.SettingCursor)
	}
	return &Cursor{keyer: keyer}, nil
}

// HasCursor reports whether a source URL has a place for a cursor.
func HasCursor(address string) bool { return placeholder.MatchString(address) }

// note takes the cursor from a message if it has one that can be used.
func (c *Cursor) note(in *hub.Input) {
	if value, err := c.keyer.Key(in.Kind, in.Payload); err == nil && value != "" {
		c.last.Store(&value)
	}
}

// Fill returns the URL to connect to. It leaves out the query parameters that want the
// cursor while the cursor is not known.
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

// place puts a cursor into its places in s.
func place(s, value string, escape func(string) string) string {
	return placeholder.ReplaceAllStringFunc(s, func(here string) string {
		return escape(before(value, placeholder.FindStringSubmatch(here)[1]))
	})
}

// before returns value less n, and at least 0. It returns value itself if value or n is not
// a whole number.
func before(value, n string) string {
	at, errAt := strconv.ParseInt(value, 10, 64)
	back, errBack := strconv.ParseInt(n, 10, 64)
	if errAt != nil || errBack != nil {
		return value
	}
	return strconv.FormatInt(max(0, at-back), 10)
}

// cursorStream notes the cursor of each message. One goroutine uses it.
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
