package dial

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		code  int
		value string
		want  time.Duration
	}{
		{429, "7", 7 * time.Second},
		{503, "120", 2 * time.Minute},
		{503, "99999999999999999", MaxRetryAfter},
		{429, now.Add(90 * time.Second).Format(http.TimeFormat), 90 * time.Second},
		{429, now.Add(-time.Hour).Format(http.TimeFormat), 0},
		{429, now.Add(time.Hour).Format(http.TimeFormat), MaxRetryAfter},
		{429, "", 0},
		{429, "-1", 0},
		{429, "soon", 0},
		{404, "7", 0},
	}
	for _, tt := range tests {
		resp := &http.Response{StatusCode: tt.code, Header: http.Header{"Retry-After": {tt.value}}}
		if got := retryAfter(resp, now); got != tt.want {
			t.Errorf("%d %q: got %v, want %v", tt.code, tt.value, got, tt.want)
		}
	}
}
