// Package lines cuts streams into lines that are bounded: those of files exactly, byte
// for byte, and those that another machine sends so that no line holds up more memory
// or time than it may. It does not know what the lines mean.
package lines
