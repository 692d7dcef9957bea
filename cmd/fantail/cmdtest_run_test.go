package main

import (
	"bytes"
	"testing"
)

// RunCommand runs a command by itself and returns its exit code and what it wrote.
func RunCommand(t *testing.T, c command, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = conclude(c.run(t.Context(), args, stdio{out: &o, err: &e}), &e)
	return code, o.String(), e.String()
}
