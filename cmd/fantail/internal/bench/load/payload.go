package load

import (
	"math"
	"strconv"
	"time"

	"github.com/tidwall/gjson"
)

// sendTime returns the time in ns since 1970 that stands at path in the JSON
// document p: a number of s, ms, µs or ns, told apart by their magnitude (right
// for times from 1973 on), the same in a string, or a string in RFC 3339. It
// returns false if there is none.
func sendTime(p []byte, path string) (int64, bool) {
	r := gjson.GetBytes(p, path)
	switch r.Type {
	case gjson.Number:
		return unixNanos(r.Raw)
	case gjson.String:
		if t, err := time.Parse(time.RFC3339Nano, r.Str); err == nil {
			return t.UnixNano(), true
		}
		return unixNanos(r.Str)
	}
	return 0, false
}

// unixNanos converts a number of unknown unit. Whole numbers keep every digit;
// a fraction is as exact as a float64.
func unixNanos(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(f, 0) || f < 1 || f >= math.MaxInt64 {
			return 0, false
		}
		return int64(f * float64(unit(int64(f)))), true
	}
	return n * unit(n), n > 0
}

// unit returns how many ns one of n is, if n is a time since 1970.
func unit(n int64) int64 {
	switch {
	case n < 1e11:
		return 1e9
	case n < 1e14:
		return 1e6
	case n < 1e17:
		return 1e3
	}
	return 1
}

// sequence returns the whole number, or the string that holds one, that stands
// at path.
func sequence(p []byte, path string) (int64, bool) {
	r := gjson.GetBytes(p, path)
	text := r.Raw
	if r.Type == gjson.String {
		text = r.Str
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}
