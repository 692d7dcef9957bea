// Package plot draws small line charts as SVG: curves over a logarithmic axis,
// with ticks, labels and a legend. The colours follow the reader's light or dark
// scheme, and the file needs nothing from elsewhere, so that it can stand in a
// README. It draws nothing else.
package plot
