package cli

import (
	"context"
	"errors"
	"io"
	"testing"
)

func TestCommandFailureIsExitCode1(t *testing.T) {
	c := Command{Name: "x", Setup: Plain(func(context.Context, []string, Stdio) error { return errors.New("no") })}
	err := c.Run(t.Context(), nil, Stdio{Out: io.Discard, Err: io.Discard})
	if got := ExitCode(err); got != 1 {
		t.Errorf("exit code %d of %v", got, err)
	}
}
