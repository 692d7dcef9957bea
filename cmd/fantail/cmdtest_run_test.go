package main

import (
	"bytes"
	"testing"
)

// RunCommand runs a command by itself and returns its exit code and what it wrote.
func RunCommand(t *testing.T, c Command, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = Conclude(c.Run(t.Context(), args, Stdio{Out: &o, Err: &e}), &e)
	return code, o.String(), e.String()
}
