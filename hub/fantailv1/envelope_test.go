package fantailv1

import (
	"testing"
	"time"
	"unicode/utf8"

	"fantail/hub"
)

func TestParseEnvelope(t *testing.T) {
	const head = `{"pos":"k3v9q2mx-7","key":"a\"data\":b","time":"2026-01-02T03:04:05.6Z",`
	tests := []struct {
		line, payload string
		kind          hub.Kind
	}{
		{head + `"data":{"a":1}}`, `{"a":1}`, hub.Text},
		{head + `"data": {"a": 1}` + "\t}", " {\"a\": 1}\t", hub.Text}, // white space is the message's own
		{head + `"data":[{"data":1}]}`, `[{"data":1}]`, hub.Text},
		{head + `"data":12345678901234567890.10}`, "12345678901234567890.10", hub.Text},
		{head + `"data":null}`, "null", hub.Text},
		{head + `"data":"a\nb\u2028\""}`, "a\nb\u2028\"", hub.Text},
		{head + `"data":""}`, "", hub.Text},
		{head + `"base64":"AP8K"}`, "\x00\xff\n", hub.Binary},
		{head + `"base64":""}`, "", hub.Binary},
	}
	for _, tt := range tests {
		e, err := Parse([]byte(tt.line))
		if err != nil || e.Notice != nil {
			t.Errorf("%s: %v, %v", tt.line, err, e.Notice)
		}
		if got := e.Message; string(got.Payload) != tt.payload || got.Kind != tt.kind || got.Key != `a"data":b` || e.Position.String() != "k3v9q2mx-7" {
			t.Errorf("%s: got %+v, payload %q", tt.line, e, got.Payload)
		}
	}
}

func TestParseNotice(t *testing.T) {
	const at = `,"pos":"k3v9q2mx-7"`
	for line, want := range map[string]Notice{
		`{"notice":"hello"` + at + `}`:                                               {Kind: "hello"},
		`{"notice":"heartbeat"` + at + `}`:                                           {Kind: "heartbeat"},
		`{"notice":"draining"` + at + `}`:                                            {Kind: "draining"},
		`{"notice":"gap"` + at + `}`:                                                 {Kind: "gap", Unknown: true},
		`{"notice":"gap"` + at + `,"from":"k3v9q2mx-2","missed":5}`:                  {Kind: "gap", Missed: 5},
		`{"notice":"gap"` + at + `,"from":"k3v9q2mx-2","missed":0,"at_least":true}`:  {Kind: "gap", AtLeast: true},
		`{"notice":"gap"` + at + `,"from":"k3v9q2mx-2","missed":2,"conflated":true}`: {Kind: "gap", Missed: 2, Conflated: true},
		`{"notice":"source"` + at + `,"state":"down"}`:                               {Kind: "source"},
		`{"notice":"source"` + at + `,"state":"up","outage_seconds":1.5}`:            {Kind: "source", Up: true, Outage: 1500 * time.Millisecond},
		`{"notice":"of a later version"` + at + `,"data":{"x":1},"more":[]}`:         {Kind: "of a later version"},
	} {
		e, err := Parse([]byte(line))
		if err != nil || e.Notice == nil || *e.Notice != want || e.Position.Seq != 7 {
			t.Errorf("%s: got %+v, %v; want %+v", line, e.Notice, err, want)
		}
	}
}

func TestParseEnvelopeRefuses(t *testing.T) {
	const at = `{"pos":"k3v9q2mx-7",`
	for _, line := range []string{
		``, `null`, `[]`, `x`, `{}`, `{"data":1}`, `{"pos":"x","data":1}`, `{"pos":7,"data":1}`, at + `"time":"x"}`,
		at + `"base64":"?"}`, at + `"data":1,"key":"k"}`, at + `"data":1`, at + `"data":1} `,
	} {
		if e, err := Parse([]byte(line)); err == nil {
			t.Errorf("%s: got %+v", line, e)
		}
	}
}

func FuzzParseEnvelope(f *testing.F) {
	f.Add([]byte(`{"pos":"k3v9q2mx-7","key":"k","time":"2026-01-02T03:04:05Z","data":{"a":1}}`))
	f.Add([]byte(`{"pos":"k3v9q2mx-7","base64":"AP8K"}`))
	f.Add([]byte(`{"notice":"gap","pos":"k3v9q2mx-7","missed":5}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		before := string(line)
		e, err := Parse(line)
		switch {
		case string(line) != before:
			t.Errorf("changed %q to %q", before, line)
		case err == nil && e.Notice == nil && !utf8.Valid(e.Message.Payload) && e.Message.Kind == hub.Text && utf8.Valid(line):
			t.Errorf("found %q in %q", e.Message.Payload, before)
		}
	})
}
