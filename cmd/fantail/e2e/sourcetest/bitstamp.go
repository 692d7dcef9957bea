package sourcetest

import (
	"fmt"
	"time"
)

// bitstamp takes a subscription for each channel and announces planned ends.
func bitstamp() Protocol {
	subscribe := Exchange{
		Hears:   `\{"event":"bts:subscribe","data":\{"channel":"(\w+)"\}\}`,
		Answers: []string{`{"event":"bts:subscription_succeeded","channel":"$1","data":{}}`},
	}
	return Protocol{
		Name: "bitstamp",
		URL:  "wss://ws.bitstamp.net",
		Talk: []Exchange{subscribe, subscribe},
		Aside: []Exchange{{
			Hears:   `\{"event":"bts:heartbeat"\}`,
			Answers: []string{`{"event":"bts:heartbeat","channel":"","data":{"status":"success"}}`},
		}},
		Refusal: `{"event":"bts:error","channel":"","data":{"code":null,"message":"Bad subscription string."}}`,
		Life:    90 * 24 * time.Hour,
		Bye:     []string{`{"event":"bts:request_reconnect","channel":"","data":""}`},
		Grace:   10 * time.Second,
		Data: func(n int) Data {
			return Data{Frame: fmt.Sprintf(`{"data":{"id":%d,"amount":0.25,"price":%d,"type":%d},"channel":"live_trades_%s","event":"trade"}`,
				3000+n, 60000+n%50, n%2, []string{"btcusd", "ethusd"}[n%2])}
		},
	}
}
