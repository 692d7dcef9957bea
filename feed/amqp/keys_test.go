package amqp

import (
	"slices"
	"testing"

	"fantail/feed/driver"
)

// TestAMQPKeysAreNoWildcards: a client must not read the messages of others by naming a key.
func TestAMQPKeysAreNoWildcards(t *testing.T) {
	a, err := New(driver.Options{URL: "amqp://h?exchange=x&bind=user.{key}"}.WithDefaults())
	if err != nil {
		t.Fatal(err)
	}
	if got := a.(*exchangeSource).of([]string{"alice", "#", "*", "a.#"}); !slices.Equal(got, []string{"user.alice"}) {
		t.Errorf("got %q", got)
	}
}
