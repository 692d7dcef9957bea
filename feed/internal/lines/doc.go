// Package lines cuts streams into bounded lines. A [Reader] cuts files exactly, byte for byte.
// A [Bounded] cuts what another machine sends, so that no line takes more memory or time than
// it may. The package does not know what the lines mean.
package lines
