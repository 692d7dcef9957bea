package load

import "testing"

func TestSendTime(t *testing.T) {
	const ns = 1_700_000_000_123_456_789
	tests := []struct {
		message, path string
		want          int64
		ok            bool
	}{
		{`{"t":1700000000123456789}`, "t", ns, true},
		{`{"t":1700000000123456}`, "t", ns / 1000 * 1000, true},
		{`{"t":1700000000123}`, "t", 1_700_000_000_123_000_000, true},
		{`{"t":1700000000}`, "t", 1_700_000_000_000_000_000, true},
		{`{"t":1700000000.5}`, "t", 1_700_000_000_500_000_000, true},
		{`{"t":"1700000000123"}`, "t", 1_700_000_000_123_000_000, true},
		{`{"t":"2023-11-14T22:13:20.123456789Z"}`, "t", ns, true},
		{`{"t":"2023-11-14T23:13:20+01:00"}`, "t", 1_700_000_000_000_000_000, true},
		{`{"data":[{"ts":1700000000123}]}`, "data.0.ts", 1_700_000_000_123_000_000, true},
		{`[0,{"E":1700000000123}]`, "1.E", 1_700_000_000_123_000_000, true},
		{`{"u":1}`, "t", 0, false},
		{`{"t":null}`, "t", 0, false},
		{`{"t":"yesterday"}`, "t", 0, false},
		{`{"t":0}`, "t", 0, false},
		{`{"t":-5}`, "t", 0, false},
		{`{"t":1e400}`, "t", 0, false},
		{`no JSON`, "t", 0, false},
		{``, "t", 0, false},
	}
	for _, tt := range tests {
		got, ok := sendTime([]byte(tt.message), tt.path)
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("%s at %s: %d, %v; want %d, %v", tt.message, tt.path, got, ok, tt.want, tt.ok)
		}
	}
}

func TestSequence(t *testing.T) {
	tests := []struct {
		message string
		want    int64
		ok      bool
	}{
		{`{"q":7}`, 7, true}, {`{"q":"8"}`, 8, true}, {`{"q":-1}`, -1, true},
		{`{"q":1.5}`, 0, false}, {`{"q":[]}`, 0, false}, {`{}`, 0, false},
	}
	for _, tt := range tests {
		if got, ok := sequence([]byte(tt.message), "q"); ok != tt.ok || got != tt.want {
			t.Errorf("%s: %d, %v", tt.message, got, ok)
		}
	}
}

// A foreign server may send anything.
func FuzzPayload(f *testing.F) {
	f.Add([]byte(`{"t":1700000000,"q":1}`))
	f.Add([]byte(`{"t":"2023-11-14T22:13:20Z"}`))
	f.Fuzz(func(t *testing.T, message []byte) {
		if ns, ok := sendTime(message, "t"); ok && ns == 0 {
			t.Errorf("%q: a time of 0", message)
		}
		sequence(message, "q")
	})
}
