package sourcetest

import (
	"fmt"
	"time"
)

// bybit is the public stream of version 5. It cuts a subscriber that does not ping.
func bybit() Protocol {
	const ping = `\{(?:"req_id":"(\w+)",)?"op":"ping"\}`
	return Protocol{
		Name:  "bybit",
		URL:   "wss://stream.bybit.com/v5/public/spot",
		Dials: Rate{N: 500, Per: 5 * time.Minute},
		Talk: []Exchange{{
			Hears:   `\{"op":"subscribe","args":\["publicTrade\.\w+"(?:,"publicTrade\.\w+")*\]\}`,
			Answers: []string{`{"success":true,"ret_msg":"","conn_id":"2324d924-aa4d","op":"subscribe"}`},
		}},
		Aside: []Exchange{{
			Hears:   ping,
			Answers: []string{`{"success":true,"ret_msg":"pong","conn_id":"2324d924-aa4d","req_id":"$1","op":"ping"}`},
		}},
		Refusal: `{"success":false,"ret_msg":"error:handler not found,topic:publicTrade.NOPE","conn_id":"2324d924-aa4d","op":"subscribe"}`,
		Needs:   []Need{{Hears: ping, Every: 25 * time.Second}},
		Data: func(n int) Data {
			return Data{Frame: fmt.Sprintf(`{"topic":"publicTrade.%s","type":"snapshot","ts":%d,"data":[{"i":"%d","p":"%d.5","v":"0.01","S":"Buy"}]}`,
				[]string{"BTCUSDT", "ETHUSDT"}[n%2], 1770000000000+n, n, 60000+n%30)}
		},
	}
}
