package sourcetest

import (
	"fmt"
	"time"
)

// deribit speaks JSON-RPC. A subscriber has to switch heartbeats on first, and to answer
// the test requests among them.
func deribit() Protocol {
	return Protocol{
		Name: "deribit",
		URL:  "wss://www.deribit.com/ws/api/v2",
		Talk: []Exchange{{
			Hears:   `\{"jsonrpc":"2\.0","id":(\d+),"method":"public/set_heartbeat","params":\{"interval":30\}\}`,
			Answers: []string{`{"jsonrpc":"2.0","id":$1,"result":"ok"}`},
		}, {
			Hears:   `\{"jsonrpc":"2\.0","id":(\d+),"method":"public/subscribe","params":\{"channels":(\["[\w.-]+"(?:,"[\w.-]+")*\])\}\}`,
			Answers: []string{`{"jsonrpc":"2.0","id":$1,"result":$2}`},
		}},
		Refusal: `{"jsonrpc":"2.0","id":2,"error":{"message":"Invalid params","data":{"reason":"invalid format","param":"channels"},"code":-32602}}`,
		Beats: []Beat{
			{Every: 30 * time.Second, Frame: `{"jsonrpc":"2.0","method":"heartbeat","params":{"type":"heartbeat"}}`},
			{Every: 30 * time.Second, Frame: `{"jsonrpc":"2.0","method":"heartbeat","params":{"type":"test_request"}}`,
				Answer: `{"jsonrpc":"2.0","id":3,"method":"public/test","params":{}}`, Within: 10 * time.Second},
		},
		Aside: []Exchange{{Hears: `\{"jsonrpc":"2\.0","id":(\d+),"method":"public/test","params":\{\}\}`,
			Answers: []string{`{"jsonrpc":"2.0","id":$1,"result":{"version":"1.2.26"}}`}}},
		Data: func(n int) Data {
			return Data{Frame: fmt.Sprintf(`{"jsonrpc":"2.0","method":"subscription","params":{"channel":"book.%s-PERPETUAL.100ms","data":{"type":"change","prev_change_id":%d,"change_id":%d,"bids":[["change",%d.5,30]],"asks":[]}}}`,
				[]string{"BTC", "ETH"}[n%2], n, n+1, 60000+n%20)}
		},
	}
}
