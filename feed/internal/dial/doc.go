// Package dial is what drivers share that open connections: the HTTP client's dialling, its
// failures in words that an operator can act upon, and the steps that a probe is told.
package dial
