package dial

import (
	"strings"
	"testing"

	"fantail/feed/internal/redact"
)

// TestExcerptShowsNoSecret: a source may repeat the key that it was sent.
func TestExcerptShowsNoSecret(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef"
	if text := Excerpt(strings.NewReader("no such key: " + key)); strings.Contains(text, key) || !strings.Contains(text, "no such key: "+redact.Mask) {
		t.Error(text)
	}
}
