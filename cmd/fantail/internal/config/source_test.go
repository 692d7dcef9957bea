package config

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestFrames(t *testing.T) {
	tests := []struct {
		in   string
		want []string
	}{
		{"", nil},
		{" \n", nil},
		{"[]", []string{}},
		{`["PASS x","{\"a\":1}"]`, []string{"PASS x", `{"a":1}`}},
		{`[{"op": "subscribe", "args": ["a b"]}, [1, 2], 3, "ping"]`, []string{`{"op":"subscribe","args":["a b"]}`, "[1,2]", "3", "ping"}},
		{`[1.0, 12345678901234567890, null]`, []string{"1.0", "12345678901234567890", "null"}},
		{"[\"line\\r\\n\"]\n", []string{"line\r\n"}},
	}
	for _, tt := range tests {
		if got, err := parseFrames([]byte(tt.in)); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, %v; want %q", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{"ping", `{"op":"x"}`, `["a"`, `["a"] x`, "null", `"a"`} {
		if got, err := parseFrames([]byte(in)); err == nil || !strings.Contains(err.Error(), "not a JSON array") {
			t.Errorf("%s: %q, %v; want an error", in, got, err)
		}
	}
}

// FuzzFrames: accepted messages are sent in full, strings as they are and
// other values as the same JSON.
func FuzzFrames(f *testing.F) {
	f.Add(`["a",{"b":[1,"\u00e9"]},null]`)
	f.Add("[")
	f.Fuzz(func(t *testing.T, in string) {
		frames, err := parseFrames([]byte(in))
		if err != nil || frames == nil {
			return
		}
		var want []any
		if err := json.Unmarshal([]byte(in), &want); err != nil || len(want) != len(frames) {
			t.Fatalf("%d frames of %q, which holds %d, %v", len(frames), in, len(want), err)
		}
		for i, w := range want {
			if s, ok := w.(string); ok {
				if frames[i] != s {
					t.Errorf("frame %d is %q, want %q", i, frames[i], s)
				}
				continue
			}
			var got any
			if err := json.Unmarshal([]byte(frames[i]), &got); err != nil || !reflect.DeepEqual(got, w) {
				t.Errorf("frame %d is %q, want the same as %v", i, frames[i], w)
			}
		}
	})
}

func TestHeaders(t *testing.T) {
	tests := []struct {
		in   string
		want http.Header
	}{
		{"", nil},
		{"{}", http.Header{}},
		{`{"authorization":"Bearer 1"}`, http.Header{"Authorization": {"Bearer 1"}}},
		{`{"X-A":["1","2"],"Cookie":"a=b"}`, http.Header{"X-A": {"1", "2"}, "Cookie": {"a=b"}}},
	}
	for _, tt := range tests {
		if got, err := parseHeaders([]byte(tt.in)); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %q, %v; want %q", tt.in, got, err, tt.want)
		}
	}
}

func TestHeaderProblems(t *testing.T) {
	tests := []struct{ in, want string }{
		{`Authorization: geheim`, "not a JSON object of strings (byte 1)"},
		{`["geheim"]`, "not a JSON object of strings"},
		{`{"A":1}`, "not a JSON object of strings"},
		{`{"A":{"geheim":"x"}}`, "not a JSON object of strings"},
		{"null", "not a JSON object of strings"},
		{`{"Bad Name":"geheim"}`, `"Bad Name" is not a header name`},
		{`{"":"geheim"}`, `"" is not a header name`},
		{`{"A":"geheim\r\nB: c"}`, "the value of A has a control character"},
		{`{"host":"geheim"}`, "host is set by the handshake"},
		{`{"Sec-WebSocket-Protocol":"geheim"}`, "Sec-WebSocket-Protocol is set by the handshake"},
	}
	for _, tt := range tests {
		got, err := parseHeaders([]byte(tt.in))
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %q, %v; want %s", tt.in, got, err, tt.want)
		}
	}
}

// FuzzHeaders holds that net/http can send every header that is accepted.
func FuzzHeaders(f *testing.F) {
	f.Add(`{"A":"b","C":["d","é"]}`)
	f.Add(`{"Host":"x"}`)
	f.Fuzz(func(t *testing.T, in string) {
		header, err := parseHeaders([]byte(in))
		if err != nil {
			return
		}
		var wire strings.Builder
		if err := header.Write(&wire); err != nil {
			t.Fatal(err)
		}
		lines := 0
		for _, values := range header {
			lines += len(values)
		}
		if strings.Count(wire.String(), "\n") != lines {
			t.Errorf("%d values became %q", lines, wire.String())
		}
	})
}
