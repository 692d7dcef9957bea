// Package plot draws small line charts as SVG: curves over a logarithmic axis, with
// ticks, labels and a legend. The colours follow the reader's light or dark scheme. The
// file loads nothing, so that it can stand in a README. Package plot draws nothing else.
package plot
