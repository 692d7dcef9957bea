package main

import (
	"context"
	"errors"
	"io"
	"testing"
)

func TestCommandFailureIsExitCode1(t *testing.T) {
	c := command{name: "x", setup: plain(func(context.Context, []string, stdio) error { return errors.New("no") })}
	err := c.run(t.Context(), nil, stdio{out: io.Discard, err: io.Discard})
	if got := exitCode(err); got != 1 {
		t.Errorf("exit code %d of %v", got, err)
	}
}
