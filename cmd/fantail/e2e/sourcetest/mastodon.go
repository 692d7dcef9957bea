package sourcetest

import (
	"fmt"
	"time"
)

// mastodon wants a bearer token. A parameter names the stream.
func mastodon() Protocol {
	return Protocol{
		Name:   "mastodon",
		URL:    "wss://mastodon.social/api/v1/streaming",
		Query:  map[string]string{"stream": "public"},
		Header: map[string]string{"Authorization": `Bearer \S+`},
		Ping:   Ping{Every: 30 * time.Second, Within: 30 * time.Second},
		Data: func(n int) Data {
			if n%5 == 4 {
				return Data{Frame: fmt.Sprintf(`{"stream":["public"],"event":"delete","payload":"%d"}`, 100000+n-1)}
			}
			return Data{Frame: fmt.Sprintf(`{"stream":["public"],"event":"update","payload":"{\"id\":\"%d\",\"content\":\"<p>post %d</p>\"}"}`, 100000+n, n)}
		},
	}
}
