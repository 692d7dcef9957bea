package sourcetest

import (
	"fmt"
	"time"
)

// kraken is version 2. It sends a status first, and a heartbeat a second.
func kraken() Protocol {
	ack := func(symbol string) string {
		return `{"method":"subscribe","result":{"channel":"trade","snapshot":true,"symbol":"` + symbol + `"},"success":true,"time_in":"2026-01-01T00:00:00.000000Z","time_out":"2026-01-01T00:00:00.000020Z"}`
	}
	return Protocol{
		Name:     "kraken",
		URL:      "wss://ws.kraken.com/v2",
		Dials:    Rate{N: 150, Per: 10 * time.Minute},
		Greeting: []string{`{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":1239390610489815}]}`},
		Talk: []Exchange{{
			Hears:   `\{"method":"subscribe","params":\{"channel":"trade","symbol":\["([A-Z/]+)","([A-Z/]+)"\]\}\}`,
			Answers: []string{ack("$1"), ack("$2")},
		}},
		Aside: []Exchange{{
			Hears:   `\{"method":"ping"\}`,
			Answers: []string{`{"method":"pong","time_in":"2026-01-01T00:00:00.000000Z","time_out":"2026-01-01T00:00:00.000020Z"}`},
		}},
		Refusal: `{"error":"Currency pair not supported XYZ/USD","method":"subscribe","success":false,"symbol":"XYZ/USD","time_in":"2026-01-01T00:00:00.000000Z","time_out":"2026-01-01T00:00:00.000020Z"}`,
		Beats:   []Beat{{Every: time.Second, Frame: `{"channel":"heartbeat"}`}},
		Data: func(n int) Data {
			kind := "update"
			if n == 0 {
				kind = "snapshot"
			}
			return Data{Frame: fmt.Sprintf(`{"channel":"trade","type":"%s","data":[{"symbol":"%s","side":"buy","price":%d.5,"qty":0.01,"trade_id":%d}]}`,
				kind, []string{"BTC/USD", "ETH/USD"}[n%2], 60000+n%30, n)}
		},
	}
}
