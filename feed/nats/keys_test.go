package nats

import (
	"slices"
	"testing"

	"fantail/feed/driver"
)

// TestKeysAreNoWildcards: a client must not read the messages of others by naming a key.
func TestKeysAreNoWildcards(t *testing.T) {
	d, err := New(driver.Options{URL: "nats://h?subject=user.{key}"}.WithDefaults())
	if err != nil {
		t.Fatal(err)
	}
	got := d.(*subjectSource).of([]string{"alice", ">", "*", "a.>", "a b", "a..b", ".", "a.b"})
	if want := []string{"user.alice", "user.a.b"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
