package sourcetest

import (
	"fmt"
	"time"
)

// pusher greets first, and a subscription must wait for the greeting. Its pings are
// messages.
func pusher() Protocol {
	return Protocol{
		Name:     "pusher",
		URL:      "wss://ws-mt1.pusher.com/app/YOUR_APP_KEY",
		Query:    map[string]string{"protocol": "7", "client": `\w+`, "version": `[\d.]+`},
		Greeting: []string{`{"event":"pusher:connection_established","data":"{\"socket_id\":\"123.456\",\"activity_timeout\":120}"}`},
		Talk: []Exchange{{
			Hears:    `\{"event":"pusher:subscribe","data":\{"channel":"(\w+)"\}\}`,
			Answers:  []string{`{"event":"pusher_internal:subscription_succeeded","channel":"$1","data":"{}"}`},
			Answered: true,
		}},
		Aside: []Exchange{{
			Hears:   `\{"event":"pusher:ping","data":\{\}\}`,
			Answers: []string{`{"event":"pusher:pong","data":{}}`},
		}},
		Refusal: `{"event":"pusher:error","data":{"code":4009,"message":"Connection is unauthorized"}}`,
		Beats: []Beat{{Every: 120 * time.Second, Frame: `{"event":"pusher:ping","data":{}}`,
			Answer: `{"event":"pusher:pong","data":{}}`, Within: 30 * time.Second}},
		Bye:   []string{`{"event":"pusher:error","data":{"code":4200,"message":"Please reconnect immediately"}}`},
		Grace: 5 * time.Second,
		Data: func(n int) Data {
			return Data{Frame: fmt.Sprintf(`{"event":"trade","channel":"trades","data":"{\"n\":%d,\"price\":1.5}"}`, n)}
		},
	}
}
