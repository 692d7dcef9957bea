package serve

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/rs/zerolog"
)

// memoryLimitAfter returns the process's limit once limitMemory has run in a
// container of that limit, and what was logged. The old limit is put back.
func memoryLimitAfter(t *testing.T, ring int64, container memlimit.Provider) (limit int64, logged string) {
	t.Helper()
	old := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(old)
	var out bytes.Buffer
	limitMemory(ring, zerolog.New(&out), memlimit.WithProvider(container))
	return debug.SetMemoryLimit(-1), out.String()
}

// unset takes a variable out of the environment for the test.
func unset(t *testing.T, name string) {
	t.Helper()
	t.Setenv(name, "") // restores it
	if err := os.Unsetenv(name); err != nil {
		t.Fatal(err)
	}
}

func TestMemoryLimitFollowsTheContainer(t *testing.T) {
	unset(t, "GOMEMLIMIT")
	unset(t, "AUTOMEMLIMIT")
	limit, logged := memoryLimitAfter(t, 128<<20, memlimit.Limit(1000<<20))
	if limit != 900<<20 || strings.Count(logged, "\n") != 1 || !strings.Contains(logged, `"bytes":943718400,"from_environment":false`) {
		t.Errorf("limit %d, logged %q; want 90 %% of 1000 MiB and one line", limit, logged)
	}
}

func TestMemoryLimitOfTheOperatorWins(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "777MiB") // the runtime has read its own at the start
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(777 << 20))
	limit, logged := memoryLimitAfter(t, 128<<20, memlimit.Limit(1000<<20))
	if limit != 777<<20 || !strings.Contains(logged, `"from_environment":true`) {
		t.Errorf("limit %d, logged %q; want the operator's", limit, logged)
	}
}

func TestMemoryLimitWarnsOfALargeRing(t *testing.T) {
	unset(t, "GOMEMLIMIT")
	unset(t, "AUTOMEMLIMIT")
	_, logged := memoryLimitAfter(t, 128<<20, memlimit.Limit(200<<20))
	if !strings.Contains(logged, `"level":"warn"`) || !strings.Contains(logged, "FANTAIL_RING_BYTES to at most 90 MiB") {
		t.Errorf("logged %q, want a warning with what fits", logged)
	}
}

func TestNoMemoryLimit(t *testing.T) {
	unset(t, "GOMEMLIMIT")
	unset(t, "AUTOMEMLIMIT")
	before := debug.SetMemoryLimit(-1)
	for _, tt := range []struct {
		err  error
		want string // in the log
	}{
		{memlimit.ErrNoLimit, ""},
		{memlimit.ErrNoCgroup, ""},
		{memlimit.ErrCgroupsNotSupported, ""},
		{fs.ErrNotExist, ""},
		{errors.New("a strange cgroup"), "set GOMEMLIMIT"},
	} {
		limit, logged := memoryLimitAfter(t, 1<<30, func() (uint64, error) { return 0, tt.err })
		if limit != before || (logged == "") != (tt.want == "") || !strings.Contains(logged, tt.want) {
			t.Errorf("%v: limit %d, logged %q", tt.err, limit, logged)
		}
	}
}
