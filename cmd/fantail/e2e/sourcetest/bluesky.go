package sourcetest

import (
	"fmt"
	"net/url"
	"strconv"
	"time"
)

const (
	blueskyStart = 1_770_000_000_000_000 // time_us of the first event
	blueskyStep  = 10_000                // from event to event, in microseconds
)

// bluesky is a Jetstream. It takes only parameters, and repeats the past from the
// cursor's event on.
func bluesky() Protocol {
	return Protocol{
		Name: "bluesky",
		URL:  "wss://jetstream2.us-east.bsky.network/subscribe",
		Query: map[string]string{
			"wantedCollections": `app\.bsky\.feed\.post`,
			"cursor":            `\d*`,
		},
		Ping:   Ping{Every: 30 * time.Second, Within: 30 * time.Second},
		Cursor: blueskyCursor,
		Data: func(n int) Data {
			return Data{Frame: fmt.Sprintf(`{"did":"did:plc:example%d","time_us":%d,"kind":"commit","commit":{"rev":"r%d","operation":"create","collection":"app.bsky.feed.post","rkey":"k%d","record":{"$type":"app.bsky.feed.post","text":"post %d"}}}`,
				n%7, blueskyStart+n*blueskyStep, n, n, n)}
		},
	}
}

// blueskyCursor returns the number of the event at a query's cursor.
func blueskyCursor(query string) (n int, ok bool) {
	values, _ := url.ParseQuery(query)
	us, err := strconv.Atoi(values.Get("cursor"))
	return max(0, us-blueskyStart+blueskyStep-1) / blueskyStep, err == nil
}
