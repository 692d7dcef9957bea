package sourcetest

import (
	"fmt"
	"time"
)

// okx cuts a connection that is silent for 30 s. Its pings are text messages, and it
// announces planned ends.
func okx() Protocol {
	const arg = `(\{"channel":"trades","instId":"[A-Z-]+"\})`
	return Protocol{
		Name:  "okx",
		URL:   "wss://ws.okx.com:8443/ws/v5/public",
		Dials: Rate{N: 3, Per: time.Second},
		Talk: []Exchange{{
			Hears:   `\{"op":"subscribe","args":\[` + arg + `,` + arg + `\]\}`,
			Answers: []string{`{"event":"subscribe","arg":$1,"connId":"a4d3ae55"}`, `{"event":"subscribe","arg":$2,"connId":"a4d3ae55"}`},
		}},
		Aside:   []Exchange{{Hears: `ping`, Answers: []string{`pong`}}},
		Refusal: `{"event":"error","code":"60012","msg":"Invalid request: {\"op\": \"subscribe\"}","connId":"a4d3ae55"}`,
		Idle:    30 * time.Second,
		Bye:     []string{`{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade. Please reconnect.","connId":"a4d3ae55"}`},
		Grace:   time.Minute,
		Data: func(n int) Data {
			return Data{Frame: fmt.Sprintf(`{"arg":{"channel":"trades","instId":"%s"},"data":[{"tradeId":"%d","px":"%d.5","sz":"0.1","side":"buy"}]}`,
				[]string{"BTC-USDT", "ETH-USDT"}[n%2], n, 60000+n%30)}
		},
	}
}
