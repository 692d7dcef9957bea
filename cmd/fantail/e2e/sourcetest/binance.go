package sourcetest

import (
	"fmt"
	"time"
)

// binance is the combined stream of the spot market. A message asks for streams. The
// server pings, and it bounds the subscriber's frames.
func binance() Protocol {
	return Protocol{
		Name:  "binance",
		URL:   "wss://stream.binance.com:9443/stream",
		Dials: Rate{N: 300, Per: 5 * time.Minute},
		Talk: []Exchange{{
			Hears:   `\{"method":"SUBSCRIBE","params":\["[a-z0-9]+@trade"(?:,"[a-z0-9]+@trade")*\],"id":(\d+)\}`,
			Answers: []string{`{"result":null,"id":$1}`},
		}},
		Refusal: `{"code":2,"msg":"Invalid request: unknown stream"}`,
		Ping:    Ping{Every: 20 * time.Second, Within: time.Minute},
		Rate:    Rate{N: 5, Per: time.Second, Pongs: true},
		Life:    24 * time.Hour,
		Bye:     []string{`{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770000000000}}`},
		Grace:   time.Minute,
		Data: func(n int) Data {
			symbol := []string{"btcusdt", "ethusdt"}[n%2]
			return Data{Frame: fmt.Sprintf(`{"stream":"%s@trade","data":{"e":"trade","E":%d,"t":%d,"p":"%d.10","q":"0.5","m":true,"M":true}}`,
				symbol, 1770000000000+n, n/2, 60000+n%100)}
		},
	}
}
