//go:build !linux

package load

// newEngine returns the engine for plain TCP.
func newEngine() engine { return newGoroutines() }
