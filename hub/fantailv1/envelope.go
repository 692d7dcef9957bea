package fantailv1

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"fantail/hub"
)

// Notice is news that a relay tells besides the feed.
type Notice struct {
	Kind string // "hello", "gap", "source", "heartbeat" or "draining"

	// Of a gap: how many messages are missing. AtLeast says that there may be
	// more, Unknown that nobody knows how many, and Conflated that newer
	// messages of the same keys came in their place.
	Missed    uint64
	AtLeast   bool
	Unknown   bool
	Conflated bool

	Up     bool          // of source: it is back
	Outage time.Duration // of a source that is back: how long it was away
}

// Envelope is one text message of a relay's fantail.v1: a message of the feed, or
// a notice.
type Envelope struct {
	Position hub.Position
	Message  hub.Input // without its time
	Notice   *Notice   // nil = a message
}

// wireEnvelope is an Envelope's JSON.
type wireEnvelope struct {
	Pos       string          `json:"pos"`
	Key       string          `json:"key"`
	Data      json.RawMessage `json:"data"`
	Base64    *string         `json:"base64"`
	Notice    string          `json:"notice"`
	Missed    *uint64         `json:"missed"`
	AtLeast   bool            `json:"at_least"`
	Conflated bool            `json:"conflated"`
	State     string          `json:"state"`
	Outage    float64         `json:"outage_seconds"`
}

// Parse reads an envelope. The payload may share memory with line.
func Parse(line []byte) (e *Envelope, err error) {
	e = new(Envelope)
	var w wireEnvelope
	if err := json.Unmarshal(line, &w); err != nil {
		return e, err
	}
	if e.Position, err = hub.ParsePosition(w.Pos); err != nil {
		return e, err
	}
	switch {
	case w.Notice != "":
		n := w.asNotice()
		e.Notice = &n
		return e, nil
	case w.Base64 != nil:
		e.Message.Kind = hub.Binary
		e.Message.Payload, err = base64.StdEncoding.DecodeString(*w.Base64)
	case w.Data == nil:
		return e, errors.New("neither data nor base64 nor notice")
	case w.Data[0] == '"':
		e.Message.Payload, err = unquote(w.Data)
	default:
		e.Message.Payload, err = dataAsSent(line, w.Data)
	}
	e.Message.Key = w.Key
	return e, err
}

// ParseNotice reads a notice on its own, as an event of /sse holds one.
func ParseNotice(data []byte) (Notice, error) {
	var w wireEnvelope
	err := json.Unmarshal(data, &w)
	return w.asNotice(), err
}

// Room returns how large an envelope may be whose payload may have so many bytes: each
// byte of a text may be written as \u0000.
func Room(payload int64) int64 { return 6*payload + 16<<10 }

// asNotice returns the notice that w is.
func (w *wireEnvelope) asNotice() Notice {
	n := Notice{
		Kind: w.Notice, AtLeast: w.AtLeast, Conflated: w.Conflated, Unknown: w.Missed == nil && w.Notice == hub.Gap.String(),
		Up: w.State == "up", Outage: time.Duration(w.Outage * float64(time.Second)),
	}
	if w.Missed != nil {
		n.Missed = *w.Missed
	}
	return n
}

func unquote(data []byte) ([]byte, error) {
	var text string
	err := json.Unmarshal(data, &text)
	return []byte(text), err
}

// dataAsSent returns everything after "data": up to the last brace. White
// space around it is the message's own, which a JSON parser would take away.
func dataAsSent(line, value []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	if _, err := d.Token(); err != nil { // the opening brace
		return nil, err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		if name == "data" {
			rest := bytes.TrimPrefix(line[d.InputOffset():], []byte{':'})
			data := bytes.TrimSuffix(rest, []byte{'}'})
			if !bytes.Equal(bytes.TrimSpace(data), value) {
				break
			}
			return data, nil
		}
		var other json.RawMessage
		if err := d.Decode(&other); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("data does not stand last")
}
