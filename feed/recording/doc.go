// Package recording reads and writes recordings of feeds, paces them, and plays them as a
// source.
package recording
