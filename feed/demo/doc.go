// Package demo makes up a market as a source.
package demo
