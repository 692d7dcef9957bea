//go:build unix

package load

import (
	"fmt"
	"syscall"
	"time"
)

// CPU returns the processor time of this process in user and system mode since its
// start. It returns false where the system does not tell. Any goroutine may call it.
func CPU() (time.Duration, bool) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, false
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), true
}

// allowFiles raises the limit on open files to n if it is lower. Go's runtime
// has raised the soft limit to the hard one; root may raise that too.
func allowFiles(n int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || uint64(limit.Cur) >= uint64(n) {
		return nil // unknown: connecting will tell
	}
	had := limit.Cur
	raise(&limit.Cur, n)
	raise(&limit.Max, n)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("load: %d open files are needed and the limit is %d; raise it (ulimit -n %d) or use fewer clients", n, had, n)
	}
	return nil
}

// raise makes a limit n if it is lower. Its type differs between systems.
func raise[T int64 | uint64](limit *T, n int) {
	if uint64(*limit) < uint64(n) { // "no limit" is the greatest value, as a negative one too
		*limit = T(n)
	}
}
