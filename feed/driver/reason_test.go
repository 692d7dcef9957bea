package driver

import (
	"strings"
	"testing"
)

// TestReasonWords pins the words, which are metric labels.
func TestReasonWords(t *testing.T) {
	var words []string
	for r := range ReasonCount {
		words = append(words, r.String())
	}
	for d := range DropReasonCount {
		words = append(words, d.String())
	}
	want := "config dial tls handshake closed lost ping idle too-large rule fatal max-age not-utf8 too-large rule empty copy overlap"
	if got := strings.Join(words, " "); got != want {
		t.Errorf("got %s", got)
	}
	if got := ReasonCount.String() + DropReasonCount.String(); got != "Reason(12)DropReason(6)" {
		t.Errorf("beyond the set: %s", got)
	}
}
