// Package renew replaces connections before the source ends them, without losing or
// repeating a message.
package renew
