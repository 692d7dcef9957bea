package relay

import (
	"net/url"
	"strconv"
	"strings"

	"fantail/hub"
)

// query holds the wishes of a client, from its query and Last-Event-ID.
type query struct {
	since    *hub.Position // resume after this position
	last     int           // begin so many messages back
	snapshot bool          // begin with the newest message of each key
	filter   *hub.Filter   // nil wants everything
	policy   *hub.Policy   // nil is the operator's choice
}

// maxLast bounds last=; the ring holds no more messages.
const maxLast = 1 << 24

// parseQuery reads a query string and Last-Event-ID. The header is newer than a since
// that an EventSource keeps sending in its URL. An unknown parameter is refused by
// name: its author would search long for a misspelt one that is ignored.
func parseQuery(raw, lastEventID string) (q query, refused *refusal) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return q, refusalf(refusedQuery, "the query cannot be read: %.80s", err)
	}
	var keys []string
	for name, given := range values {
		switch {
		case name == "key":
			keys = given
		case len(given) > 1:
			return q, refusalf(refusedQuery, "parameter %.40q is given %d times; give it once", name, len(given))
		default:
			if refused := q.set(name, given[0]); refused != nil {
				return q, refused
			}
		}
	}
	if q.filter, err = hub.NewFilter(keys); err != nil {
		return q, refusalf(refusedQuery, "parameter key: %s", strings.TrimPrefix(err.Error(), "hub: not a filter: "))
	}
	if refused := q.conflict(); refused != nil {
		return q, refused
	}
	return q, q.setLastEventID(lastEventID)
}

// setLastEventID reads the header, empty for none.
func (q *query) setLastEventID(id string) *refusal {
	if id == "" {
		return nil
	}
	at, err := hub.ParsePosition(id)
	if err != nil {
		return refusalf(refusedQuery, "header Last-Event-ID: %s", strings.TrimPrefix(err.Error(), "hub: "))
	}
	q.since, q.last, q.snapshot = &at, 0, false
	return nil
}

// set reads one parameter.
func (q *query) set(name, value string) *refusal {
	switch name {
	case "since":
		at, err := hub.ParsePosition(value)
		if err != nil {
			return refusalf(refusedQuery, "parameter since: %s", strings.TrimPrefix(err.Error(), "hub: "))
		}
		q.since = &at
	case "last":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > maxLast {
			return refusalf(refusedQuery, "parameter last: %.40q is not a number of messages from 1 to %d", value, maxLast)
		}
		q.last = n
	case "snapshot":
		if value != "1" {
			return refusalf(refusedQuery, "parameter snapshot: %.40q; write snapshot=1 or leave it out", value)
		}
		q.snapshot = true
	case "policy":
		p, ok := ParsePolicy(value)
		if !ok {
			return refusalf(refusedQuery, "parameter policy: %.40q; it is evict, skip or conflate", value)
		}
		q.policy = &p
	default:
		return refusalf(refusedQuery, "unknown parameter %.40q; known are since, last, snapshot, key and policy", name)
	}
	return nil
}

// conflict returns a refusal if parameters contradict each other.
func (q *query) conflict() *refusal {
	begins := 0
	for _, given := range []bool{q.since != nil, q.last > 0, q.snapshot} {
		if given {
			begins++
		}
	}
	if begins > 1 {
		return refusalf(refusedQuery, "since, last and snapshot each say where to begin; give one of them")
	}
	return nil
}

// ParsePolicy reads the name of a policy for slow clients.
func ParsePolicy(s string) (p hub.Policy, ok bool) {
	switch s {
	case "evict":
		return hub.Evict, true
	case "skip":
		return hub.Skip, true
	case "conflate":
		return hub.Conflate, true
	}
	return 0, false
}
