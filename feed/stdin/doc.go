// Package stdin reads standard input as a source, a line a message.
package stdin
