package load

import "testing"

// A client's own query replaces the URL's, and resuming adds to either.
func TestTarget(t *testing.T) {
	own := func(i int) string { return "key=" + string(rune('a'+i)) + "&last=3" }
	for _, tt := range []struct {
		query func(int) string
		since string
		want  string
	}{
		{nil, "", "/ws?last=1"},
		{nil, "p-1", "/ws?since=p-1"},
		{own, "", "/ws?key=c&last=3"},
		{own, "p-1", "/ws?key=c&since=p-1"},
	} {
		d, err := newDialer(Config{URL: "ws://h/ws?last=1", Query: tt.query})
		if err != nil {
			t.Fatal(err)
		}
		if got := d.target(2, tt.since); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
