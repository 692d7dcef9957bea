package recording

import (
	"os"
	"path/filepath"
	"testing"

	"fantail/feed/stage"
)

// TestKeysOfRecordings counts the keys of the recorded feeds in the folder TEST_FEEDS.
func TestKeysOfRecordings(t *testing.T) {
	dir := os.Getenv("TEST_FEEDS")
	if dir == "" {
		t.Skip("NOT CHECKED: the keys of recorded feeds; set TEST_FEEDS to their folder")
	}
	for _, tt := range []struct {
		file, spec      string
		keys, unlabeled int // unlabeled is -1 where it does not matter
	}{
		{"binance-usdm-burst-2024-08-08.ndjson", "stream", 3, 0},
		{"binance-spot-2024-08-08.ndjson", "stream", 6, 0},
		{"coinbase-exchange-2021-04-17.ndjson", "product_id", 10, -1},
		{"kraken-v1-book-2021-04-17.ndjson", "@reverse|0", 10, 42},
		{"bybit-inverse-2021-04-17.ndjson", "topic", 4, -1},
		{"okx-v5-2022-05-13.ndjson", "arg.channel:arg.instId", 9, 0},
		{"bitstamp-2022-01-05.ndjson", "channel", 20, 0},
		{"twitch-irc-2019-09-15.txt", `re:^(?:@\S+ )?:\S+ \S+ (#\S+)`, 1, 0},
	} {
		k, err := stage.NewKeyer(tt.spec)
		if err != nil {
			t.Fatal(err)
		}
		found := make(map[string]int)
		recording, err := Open(filepath.Join(dir, tt.file))
		if err != nil {
			t.Fatal(err)
		}
		defer recording.Close()
		messages, err := readAll(recording)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			key, err := k.Key(m.kind, []byte(m.payload))
			if err != nil {
				t.Errorf("%s: %v", tt.file, err)
			}
			found[key]++
		}
		unlabeled := found[""]
		delete(found, "")
		if len(found) != tt.keys || tt.unlabeled >= 0 && unlabeled != tt.unlabeled {
			t.Errorf("%s: %d keys and %d messages without, want %d and %d: %v", tt.file, len(found), unlabeled, tt.keys, tt.unlabeled, found)
		}
	}
}
