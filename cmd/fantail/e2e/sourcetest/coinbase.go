package sourcetest

import (
	"fmt"
	"time"
)

// coinbase is the Exchange feed. It cuts a subscriber that has not subscribed after 5 s,
// and sends a heartbeat a second for each product.
func coinbase() Protocol {
	beat := func(product string) Beat {
		return Beat{Every: time.Second, Frame: `{"type":"heartbeat","sequence":{n},"last_trade_id":{n},"product_id":"` + product + `","time":"2026-01-01T00:00:00.000000Z"}`}
	}
	return Protocol{
		Name:   "coinbase",
		URL:    "wss://ws-feed.exchange.coinbase.com",
		Dials:  Rate{N: 8, Per: time.Second},
		Within: 5 * time.Second,
		Talk: []Exchange{{
			Hears:   `\{"type":"subscribe","product_ids":(\["[A-Z-]+"(?:,"[A-Z-]+")*\]),"channels":\["heartbeat","matches"\]\}`,
			Answers: []string{`{"type":"subscriptions","channels":[{"name":"heartbeat","product_ids":$1},{"name":"matches","product_ids":$1}]}`},
		}},
		Refusal: `{"type":"error","message":"Failed to subscribe","reason":"XYZ-USD is not a valid product"}`,
		Beats:   []Beat{beat("BTC-USD"), beat("ETH-USD")},
		Data: func(n int) Data {
			return Data{Frame: fmt.Sprintf(`{"type":"match","trade_id":%d,"side":"sell","size":"0.5","price":"%d.25","product_id":"%s","sequence":%d}`,
				n, 60000+n%40, []string{"BTC-USD", "ETH-USD"}[n%2], 9000+3*n)}
		},
	}
}
