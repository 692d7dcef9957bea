package websocket

import (
	"crypto/sha1"
	"encoding/base64"
)

// acceptGUID is appended to a client's key, so that the answer proves that the
// server speaks WebSocket (RFC 6455 section 1.3).
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// AcceptKey returns the Sec-WebSocket-Accept that answers a Sec-WebSocket-Key (RFC
// 6455 section 4.2.2). It does not check the key. Any goroutine may call it.
func AcceptKey(key string) string {
	sum := sha1.Sum([]byte(key + acceptGUID))
	return base64.StdEncoding.EncodeToString(sum[:])
}
