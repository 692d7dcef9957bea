package plot

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// Chart is one picture. The y axis begins at 0.
type Chart struct {
	Title, XLabel, YLabel string
	Series                []Series // at most len(colours)
}

// Series is one curve; its points are drawn in their order.
type Series struct {
	Name   string
	Points []Point
}

// Point is a value above a place on the axis. X has to be positive, since the
// axis is logarithmic, and Y not negative.
type Point struct{ X, Y float64 }

// The picture in pixels: the size of all, and the frame that the curves are in.
const (
	width, height = 720, 360
	left, right   = 64, 700
	top, bottom   = 64, 308
)

// colours are those of the curves, in a light and a dark scheme.
var colours = [][2]string{{"#0b69c7", "#6cb6ff"}, {"#8a6d00", "#d9b44a"}, {"#1a7f4b", "#57ab7b"}}

// WriteSVG writes the chart. An error is w's, or says what cannot be drawn.
func (c Chart) WriteSVG(w io.Writer) error {
	xs, ys, err := c.scales()
	if err != nil {
		return err
	}
	var b strings.Builder
	c.begin(&b)
	drawYAxis(&b, ys)
	drawXAxis(&b, xs)
	fmt.Fprintf(&b, `<text class="l" x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", (left+right)/2, bottom+40, escape(c.XLabel))
	fmt.Fprintf(&b, `<text class="l" x="18" y="%d" text-anchor="middle" transform="rotate(-90 18 %[1]d)">%s</text>`+"\n", (top+bottom)/2, escape(c.YLabel))
	for i, s := range c.Series {
		drawSeries(&b, i, s, xs, ys)
	}
	b.WriteString("</svg>\n")
	_, err = io.WriteString(w, b.String())
	return err
}

// scales returns the axes that hold all points.
func (c Chart) scales() (x logScale, y linearScale, err error) {
	if len(c.Series) > len(colours) {
		return x, y, fmt.Errorf("plot: %d curves; draw at most %d", len(c.Series), len(colours))
	}
	x.min, x.max = math.Inf(1), 0
	for _, s := range c.Series {
		for _, p := range s.Points {
			if !(p.X > 0) || !(p.Y >= 0) || math.IsInf(p.X, 0) || math.IsInf(p.Y, 0) {
				return x, y, fmt.Errorf("plot: the point (%v, %v) has no place on the axes", p.X, p.Y)
			}
			x.min, x.max, y.max = min(x.min, p.X), max(x.max, p.X), max(y.max, p.Y)
		}
	}
	if x.max == 0 {
		return x, y, errors.New("plot: there are no points")
	}
	y.step = niceStep(y.max / 5)
	y.max = max(y.step, math.Ceil(y.max/y.step)*y.step)
	return x, y, nil
}

// begin writes the head: the colours of both schemes, and the title.
func (c Chart) begin(b *strings.Builder) {
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" role="img" aria-label="%[3]s">`+"\n", width, height, escape(c.Title))
	fmt.Fprintf(b, "<style>\n%s@media (prefers-color-scheme: dark) {\n%s}\n</style>\n", style(0), style(1))
	fmt.Fprintf(b, `<rect class="bg" width="%d" height="%d" rx="6"/>`+"\n", width, height)
	fmt.Fprintf(b, `<text class="t" x="%d" y="26">%s</text>`+"\n", left, escape(c.Title))
}

// style returns the rules of the light scheme, 0, or the dark one, 1.
func style(scheme int) string {
	ground := [2]string{"#ffffff", "#1b1f24"}[scheme]
	ink := [2]string{"#24292f", "#d6dde4"}[scheme]
	faint := [2]string{"#d8dee4", "#3a424b"}[scheme]
	rules := fmt.Sprintf(".bg { fill: %s }\n"+
		"text { fill: %s; font: 12px system-ui, sans-serif } .t { font-size: 14px; font-weight: 600 }\n"+
		".g { stroke: %s } .a { stroke: %s }\n", ground, ink, faint, ink)
	for i, c := range colours {
		rules += fmt.Sprintf(".c%d { stroke: %s; fill: none; stroke-width: 2 } .d%[1]d { fill: %[2]s }\n", i, c[scheme])
	}
	return rules
}

func drawYAxis(b *strings.Builder, s linearScale) {
	for v := 0.0; v <= s.max*1.0001; v += s.step {
		fmt.Fprintf(b, `<line class="g" x1="%d" x2="%d" y1="%.1f" y2="%.1[3]f"/>`, left, right, s.at(v))
		fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", left-8, s.at(v)+4, number(v))
	}
	fmt.Fprintf(b, `<line class="a" x1="%d" x2="%[1]d" y1="%d" y2="%d"/>`+"\n", left, top, bottom)
}

func drawXAxis(b *strings.Builder, s logScale) {
	for _, v := range s.ticks() {
		fmt.Fprintf(b, `<line class="g" x1="%.1f" x2="%.1[1]f" y1="%d" y2="%d"/>`, s.at(v), top, bottom)
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", s.at(v), bottom+18, number(v))
	}
	fmt.Fprintf(b, `<line class="a" x1="%d" x2="%d" y1="%d" y2="%[3]d"/>`+"\n", left, right, bottom)
}

// drawSeries draws the i-th curve, its points and its entry in the legend.
func drawSeries(b *strings.Builder, i int, s Series, xs logScale, ys linearScale) {
	var line []string
	for _, p := range s.Points {
		line = append(line, fmt.Sprintf("%.1f,%.1f", xs.at(p.X), ys.at(p.Y)))
	}
	fmt.Fprintf(b, `<polyline class="c%d" points="%s"/>`+"\n", i, strings.Join(line, " "))
	for _, p := range s.Points {
		fmt.Fprintf(b, `<circle class="d%d" cx="%.1f" cy="%.1f" r="3.5"><title>%s: %s at %s</title></circle>`+"\n",
			i, xs.at(p.X), ys.at(p.Y), escape(s.Name), number(p.Y), number(p.X))
	}
	x := left + 150*i
	fmt.Fprintf(b, `<line class="c%d" x1="%d" x2="%d" y1="44" y2="44"/><text x="%d" y="48">%s</text>`+"\n", i, x, x+22, x+28, escape(s.Name))
}
