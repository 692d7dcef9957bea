//go:build !unix

package load

import "time"

// CPU returns false, since this system does not tell it in the same way.
func CPU() (time.Duration, bool) { return 0, false }

// allowFiles does nothing: this system has no such limit.
func allowFiles(int) error { return nil }
