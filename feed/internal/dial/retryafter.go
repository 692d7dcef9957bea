package dial

import (
	"net/http"
	"strconv"
	"time"
)

// MaxRetryAfter bounds how long a source may keep us away with Retry-After.
const MaxRetryAfter = 5 * time.Minute

// retryAfter returns how long a source that is busy wants to be left alone (RFC
// 9110 section 10.2.3): seconds, or a date. 0 = it does not say.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	value := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 63); err == nil {
		return time.Duration(min(seconds, uint64(MaxRetryAfter/time.Second))) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(date.Sub(now), 0), MaxRetryAfter)
	}
	return 0
}
