package plot

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestWriteSVG(t *testing.T) {
	c := Chart{Title: `a < "b" & c`, XLabel: "clients", YLabel: "µs", Series: []Series{
		{"relay", []Point{{1, 1}, {10, 4}, {1000, 10}}},
		{"floor", []Point{{1, 0}, {1000, 5}}},
	}}
	var b strings.Builder
	if err := c.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	svg := b.String()
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
	}
	if strings.Contains(svg, "%!") || strings.Count(svg, "<polyline") != 2 || strings.Count(svg, "<circle") != 5 {
		t.Errorf("%s", svg)
	}
	for _, want := range []string{"a &lt; &quot;b&quot; &amp; c", ">clients<", ">µs<", ">relay<", ">floor<", ">1,000<", "prefers-color-scheme: dark"} {
		if !strings.Contains(svg, want) {
			t.Errorf("it lacks %s", want)
		}
	}
	// All that has a place lies within the picture.
	for _, m := range regexp.MustCompile(` (x|x1|x2|cx|y|y1|y2|cy)="([0-9.]+)"`).FindAllStringSubmatch(svg, -1) {
		v, _ := strconv.ParseFloat(m[2], 64)
		if limit := map[byte]float64{'x': width, 'y': height}[m[1][len(m[1])-1:][0]]; limit > 0 && v > limit {
			t.Errorf("%s is outside", m[0])
		}
	}
}

func TestWhatCannotBeDrawn(t *testing.T) {
	tests := []struct {
		series []Series
		want   string
	}{
		{nil, "no points"},
		{[]Series{{"a", []Point{{0, 1}}}}, "(0, 1) has no place"},
		{[]Series{{"a", []Point{{1, -1}}}}, "no place"},
		{[]Series{{"a", []Point{{1, math.NaN()}}}}, "no place"},
		{[]Series{{"a", []Point{{1, math.Inf(1)}}}}, "no place"},
		{make([]Series, len(colours)+1), "4 curves"},
	}
	for _, tt := range tests {
		if err := (Chart{Series: tt.series}).WriteSVG(io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v, want %q", err, tt.want)
		}
	}
}

// failing is a Writer that cannot write.
type failing struct{}

var errFull = errors.New("full")

func (failing) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrorIsTold(t *testing.T) {
	if err := (Chart{Series: []Series{{"a", []Point{{1, 1}}}}}).WriteSVG(failing{}); !errors.Is(err, errFull) {
		t.Error(err)
	}
}

func TestTicks(t *testing.T) {
	tests := []struct {
		min, max float64
		want     []float64
	}{
		{100, 15000, []float64{100, 200, 500, 1000, 2000, 5000, 10000, 15000}},
		{1, 2000, []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000}},
		{1, 1e6, []float64{1, 10, 100, 1000, 10000, 100000, 1e6}},
		{7, 7, []float64{7}},
	}
	for _, tt := range tests {
		got := logScale{tt.min, tt.max}.ticks()
		if !slices.EqualFunc(got, tt.want, func(a, b float64) bool { return math.Abs(a-b) < b*1e-9 }) {
			t.Errorf("%v to %v: %v", tt.min, tt.max, got)
		}
	}
}

func TestScales(t *testing.T) {
	x := logScale{1, 100}
	if x.at(1) != left+inset || math.Abs(x.at(100)-(right-inset)) > 1e-9 || math.Abs(x.at(10)-(left+right)/2) > 1e-9 {
		t.Errorf("%v %v %v", x.at(1), x.at(10), x.at(100))
	}
	y := linearScale{max: 10}
	if y.at(0) != bottom || y.at(10) != top {
		t.Errorf("%v %v", y.at(0), y.at(10))
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 1: "1", 999: "999", 1000: "1,000", 15000: "15,000", 1234567: "1,234,567", 0.25: "0.25", 1234.5678: "1,234.568"} {
		if got := number(v); got != want {
			t.Errorf("%v: %s", v, got)
		}
	}
	for v, want := range map[float64]float64{0: 1, 0.9: 1, 1: 1, 1.1: 2, 3: 5, 6: 10, 0.03: 0.05, 120: 200} {
		if got := niceStep(v); math.Abs(got-want) > want*1e-9 {
			t.Errorf("step %v: %v, want %v", v, got, want)
		}
	}
}
