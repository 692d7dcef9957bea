package cmdtest

import (
	"bytes"
	"testing"

	"fantail/cmd/fantail/internal/cli"
)

// Run runs a command within the test's process. It returns the exit code and what the
// command wrote.
func Run(t *testing.T, c cli.Command, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = cli.Conclude(c.Run(t.Context(), args, cli.Stdio{Out: &o, Err: &e}), &e)
	return code, o.String(), e.String()
}
