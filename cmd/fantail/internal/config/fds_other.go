//go:build !unix

package config

// fileLimit returns a constant where the system has no limit on open files.
func fileLimit() uint64 { return 65536 }
