package text

import (
	"slices"
	"testing"
)

func TestNearest(t *testing.T) {
	names := []string{"serve", "replay", "health", "version", "heal"}
	for word, want := range map[string]string{"serv": "serve", "vresion": "version", "reply": "replay", "healt": "heal", "x": "", "": "", "deal": "heal"} {
		if got := Nearest(word, names); got != want {
			t.Errorf("nearest to %q is %q, want %q", word, got, want)
		}
	}
	slices.Reverse(names)
	if got := Nearest("healt", names); got != "heal" {
		t.Errorf("the order of the candidates decides: %q", got)
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"same", "same", 0}, {"ab", "ba", 2},
	}
	for _, tt := range tests {
		if got, back := distance(tt.a, tt.b), distance(tt.b, tt.a); got != tt.want || back != tt.want {
			t.Errorf("distance of %q and %q: %d and back %d, want %d", tt.a, tt.b, got, back, tt.want)
		}
	}
}
