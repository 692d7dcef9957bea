package plot

import (
	"math"
	"strconv"
	"strings"
)

// linearScale maps 0 to max onto the frame's height.
type linearScale struct{ max, step float64 }

func (s linearScale) at(v float64) float64 { return bottom - v/s.max*(bottom-top) }

// logScale maps min to max, both positive, onto the frame's width.
type logScale struct{ min, max float64 }

// inset keeps the first and the last point off the frame.
const inset = 16

func (s logScale) at(v float64) float64 {
	if s.min == s.max {
		return (left + right) / 2
	}
	return left + inset + (right-left-2*inset)*math.Log(v/s.min)/math.Log(s.max/s.min)
}

// ticks returns 1, 2 and 5 times the powers of ten that lie within the scale, or
// the powers alone if it spans more than five, and the ends where no tick is
// near.
func (s logScale) ticks() (ticks []float64) {
	factors := []float64{1, 2, 5}
	if s.max/s.min > 1e5 {
		factors = factors[:1]
	}
	for power := math.Floor(math.Log10(s.min)); power <= math.Log10(s.max); power++ {
		for _, f := range factors {
			if v := f * math.Pow(10, power); v >= s.min*0.9999 && v <= s.max*1.0001 {
				ticks = append(ticks, v)
			}
		}
	}
	if n := len(ticks); n == 0 || s.max/ticks[n-1] > 1.3 {
		ticks = append(ticks, s.max)
	}
	return ticks
}

// niceStep rounds up to 1, 2 or 5 times a power of ten.
func niceStep(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{1, 2, 5} {
		if v <= f*power*1.0001 {
			return f * power
		}
	}
	return 10 * power
}

// number writes v in groups of three digits, with as many decimals as it needs,
// three at most.
func number(v float64) string {
	text := strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return whole
}

// escape makes text fit for XML, in attributes too.
func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(text)
}
