package stage

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"fantail/feed/driver"
	"fantail/hub"
)

var errEnd = errors.New("the list has ended")

// list is a stream of messages that ends with an error.
type list struct {
	in  []hub.Input
	err error
}

func (l *list) Next() (driver.Event, error) {
	if len(l.in) == 0 {
		return driver.Event{}, l.err
	}
	in := l.in[0]
	l.in = l.in[1:]
	return driver.Message(&in), nil
}

func (l *list) Close() {}

func TestSplit(t *testing.T) {
	tests := []struct {
		split Split
		in    string
		want  []string
	}{
		{SplitLines, "one", []string{"one"}},
		{SplitLines, "PING :x\r\n:a PRIVMSG #b :c\r\n", []string{"PING :x", ":a PRIVMSG #b :c"}},
		{SplitLines, "a\n\n\r\nb\rc\r\r\nd", []string{"a", "b\rc\r", "d"}},
		{SplitLines, " \n\t\n", []string{" ", "\t"}},
		{SplitLines, "\r\n\n", []string{"(empty)"}},
		{SplitLines, "", []string{"(empty)"}},
		{SplitArray, `[{"a":1}, {"b":[1,2,"],{"]} ,3]`, []string{`{"a":1}`, `{"b":[1,2,"],{"]}`, "3"}},
		{SplitArray, "\n [ 1.0 ,\"a\\\"],\\\\\" , null,[ ], \"é\"]\r\n", []string{"1.0", `"a\"],\\"`, "null", "[ ]", `"é"`}},
		{SplitArray, `[]`, []string{"(empty)"}},
		{SplitArray, ` [ ] `, []string{"(empty)"}},
		{SplitArray, `{"a":[1,2]}`, []string{`{"a":[1,2]}`}},
		{SplitArray, `[1,2`, []string{`[1,2`}},
		{SplitArray, `[1,,2]`, []string{`[1,,2]`}},
		{SplitArray, `pong`, []string{`pong`}},
		{SplitArray, ``, []string{``}},
	}
	for _, tt := range tests {
		s := &splitStream{Stream: &list{[]hub.Input{{Key: "k", Payload: []byte(tt.in)}}, errEnd}, cut: tt.split.cutter()}
		var got []string
		for {
			ev, err := s.Next()
			if err == errEnd {
				break
			}
			in := ev.Message
			if ev.Kind == driver.KindDropped && ev.Drop == driver.DropEmpty {
				in = &hub.Input{Payload: []byte("(empty)"), Key: "k"}
			}
			if in.Key != "k" {
				t.Errorf("%q: a piece lost its key", tt.in)
			}
			got = append(got, string(in.Payload))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%v %q: got %q, want %q", tt.split, tt.in, got, tt.want)
		}
	}
}

func TestSplitLeavesBinaryAlone(t *testing.T) {
	s := &splitStream{Stream: &list{[]hub.Input{{Kind: hub.Binary, Payload: []byte("a\nb")}}, errEnd}, cut: cutLines}
	if ev, err := s.Next(); err != nil || string(ev.Message.Payload) != "a\nb" {
		t.Errorf("got %q, %v", ev.Message.Payload, err)
	}
}

// TestSplitIsBounded checks that a message with too many pieces stays whole.
func TestSplitIsBounded(t *testing.T) {
	for _, tt := range []struct {
		split     Split
		in, piece string
	}{{SplitLines, strings.Repeat("a\n", maxPieces), "a\n"}, {SplitArray, "[1" + strings.Repeat(",1", maxPieces-1) + "]", ""}} {
		if pieces, ok := tt.split.cutter()(nil, []byte(tt.in)); !ok || len(pieces) != maxPieces {
			t.Errorf("%v: %d pieces, %v", tt.split, len(pieces), ok)
		}
		more := strings.TrimSuffix(tt.in, "]") + tt.piece
		if tt.split == SplitArray {
			more += ",1]"
		}
		if _, ok := tt.split.cutter()(nil, []byte(more)); ok {
			t.Errorf("%v: more than %d pieces", tt.split, maxPieces)
		}
	}
}

// TestSplitOfDeepNesting checks that a source cannot exhaust the stack, which would end the
// process.
func TestSplitOfDeepNesting(t *testing.T) {
	deep := strings.Repeat("[", driver.DefaultMaxMessage)
	if pieces, ok := cutArray(nil, []byte(deep)); ok {
		t.Errorf("cut into %d pieces", len(pieces))
	}
}

func TestSplitWords(t *testing.T) {
	for s := range splits {
		if got, err := ParseSplit(s.String()); err != nil || got != s {
			t.Errorf("%v: got %v, %v", s, got, err)
		}
	}
	if _, err := ParseSplit("csv"); err == nil || !strings.Contains(err.Error(), "json-array") || splits.String() != "Split(3)" {
		t.Errorf("got %v, %v", err, splits)
	}
}

// FuzzSplitArray compares the pieces with those of encoding/json.
func FuzzSplitArray(f *testing.F) {
	f.Add(`[1,"a,b]",{"c":[2,{}]},[ ],null]`)
	f.Add(`["\\\"",""]`)
	f.Add(" [\n] ")
	f.Fuzz(func(t *testing.T, text string) {
		pieces, ok := cutArray(nil, []byte(text))
		var want []json.RawMessage
		if err := json.Unmarshal([]byte(text), &want); err != nil || want == nil {
			if ok {
				t.Fatalf("cut %q, which is no array: %v", text, err)
			}
			return
		}
		if !ok || len(pieces) != len(want) {
			t.Fatalf("%q: %d pieces, %v; want %d", text, len(pieces), ok, len(want))
		}
		for i, piece := range pieces {
			if string(piece) != string(want[i]) {
				t.Errorf("%q: piece %d is %q, want %q", text, i, piece, want[i])
			}
		}
	})
}

// FuzzSplitLines checks that lines lose only their line ends.
func FuzzSplitLines(f *testing.F) {
	f.Add("a\r\nb\n\nc")
	f.Fuzz(func(t *testing.T, text string) {
		pieces, _ := cutLines(nil, []byte(text))
		var want []string
		for line := range strings.SplitSeq(text, "\n") {
			if line = strings.TrimSuffix(line, "\r"); line != "" {
				want = append(want, line)
			}
		}
		var got []string
		for _, p := range pieces {
			got = append(got, string(p))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if utf8.ValidString(text) && !utf8.ValidString(strings.Join(got, "")) {
			t.Errorf("%q: a piece is not UTF-8", text)
		}
	})
}

func BenchmarkSplitArray(b *testing.B) {
	text := []byte("[" + strings.Repeat(`{"ev":"T","sym":"AAPL","p":114.125,"s":100,"c":[0,12]},`, 99) + `{}]`)
	var pieces [][]byte
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		pieces, _ = cutArray(pieces[:0], text)
	}
}
