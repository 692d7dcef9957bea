package hub

import "testing"

// The words are on the wire, in logs and in metrics: they are pinned.
func TestReasonWords(t *testing.T) {
	want := []string{"left", "draining", "protocol", "uplink", "flood", "too-large", "not-utf8", "busy", "max-age", "token", "forbidden",
		"slow", "gone", "silent", "stopped"}
	if len(want) != Reasons {
		t.Fatalf("%d reasons, want %d", Reasons, len(want))
	}
	seen := map[string]bool{}
	for r := range Reason(Reasons) {
		if r.String() != want[r] {
			t.Errorf("reason %d is %q, want %q", r, r, want[r])
		}
		if seen[r.String()] {
			t.Errorf("%q stands for two reasons", r)
		}
		seen[r.String()] = true
	}
}

func TestReasonPatience(t *testing.T) {
	for r := range Reason(Reasons) {
		if want := r == Draining || r == MaxAge; r.patient() != want {
			t.Errorf("%s: patient %v, want %v", r, r.patient(), want)
		}
	}
}
