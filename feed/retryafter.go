package feed

import (
	"net/http"
	"strconv"
	"time"
)

// retryAfterCap bounds how long a source may keep us away with Retry-After.
const retryAfterCap = 5 * time.Minute

// retryAfter returns how long an answer asks us to stay away (RFC 9110 section
// 10.2.3), within bounds; 0 if it does not.
func retryAfter(resp *http.Response) time.Duration {
	value := resp.Header.Get("Retry-After")
	if n, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, retryAfterCap)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(0, time.Until(at)), retryAfterCap)
	}
	return 0
}
