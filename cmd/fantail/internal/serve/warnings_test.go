package serve

import (
	"regexp"
	"testing"
)

func TestAnchored(t *testing.T) {
	for expr, want := range map[string]bool{
		"^a": true, `\Aa`: true, "(?s)^a.*": true, "(^a|^b)c": true, "^a|^b": true, "^{": true, "(?i:^a)": true,
		"a": false, "^a|b": false, "(^a|b)": false, ".*": false, "": false, "(?m)^a": false, "x?^a": false,
	} {
		if got := anchored(regexp.MustCompile(expr)); got != want {
			t.Errorf("%s: anchored %v, want %v", expr, got, want)
		}
	}
}
