package load

import (
	"bytes"

	"github.com/tidwall/gjson"
)

// Format is the form of an endpoint's messages.
type Format uint8

const (
	Raw      Format = iota // WebSocket messages as they are
	Envelope               // WebSocket messages of fantail.v1
	SSE                    // an HTTP response of Server-Sent Events
)

const envelopes = "fantail.v1" // the subprotocol of Envelope

// opened returns the part of a message in which time and sequence are, and the position
// if the format has one. Of a notice it returns only the position.
func (f Format) opened(p []byte) (message []byte, position string) {
	switch f {
	case Envelope:
		position = gjson.GetBytes(p, "pos").Str
		if bytes.HasPrefix(p, []byte(`{"notice":`)) {
			return nil, position
		}
	case SSE:
		return event(p)
	}
	return p, position
}

// event returns the data and the id of an event, and of a notice only the id. The lines
// of the data keep their breaks. It parses only events that a relay sends, and without
// allocation: the parser for any event stream is that of the feed.
func event(p []byte) (data []byte, id string) {
	notice := false
	for line := range bytes.SplitSeq(p, []byte{'\n'}) {
		field, value, _ := bytes.Cut(line, []byte(": "))
		switch string(field) {
		case "id":
			id = string(value)
		case "event":
			notice = string(value) == "notice"
		case "data":
			if data != nil {
				data = append(data, '\n')
			}
			data = append(data, value...)
		}
	}
	switch {
	case notice:
		return nil, id
	case data == nil:
		data = []byte{} // an empty message is one
	}
	return data, id
}
