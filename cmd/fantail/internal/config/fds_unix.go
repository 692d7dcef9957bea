//go:build unix

package config

import "syscall"

// fileLimit returns how many files the process may have open. At the start Go's runtime
// has raised the soft limit to the hard one.
func fileLimit() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1024 // the smallest limit that systems set
	}
	return uint64(limit.Cur)
}
