package feed

import (
	"net/http"
	"strconv"
	"time"
)

// maxRetryAfter bounds how long a source may keep us away with Retry-After.
const maxRetryAfter = 5 * time.Minute

// retryAfter returns how long a source that is busy wants to be left alone (RFC
// 9110 section 10.2.3): seconds, or a date. 0 = it does not say.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	value := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 63); err == nil {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(date.Sub(now), 0), maxRetryAfter)
	}
	return 0
}
