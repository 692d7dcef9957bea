package cli

import (
	"flag"
	"slices"
	"strings"
	"testing"
)

func TestParseArgs(t *testing.T) {
	tests := []struct {
		args, operands string
		listen         string
		loop           bool
	}{
		{"", "", "x", false},
		{"-listen y FILE", "FILE", "y", false},
		{"FILE -listen y -loop", "FILE", "y", true},
		{"-loop FILE -listen=y MORE", "FILE MORE", "y", true},
		{"-loop -- -listen y", "-listen y", "x", true},
		{"FILE -- -loop", "FILE -loop", "x", false},
		{"FILE -", "FILE -", "x", false},
	}
	for _, tt := range tests {
		flags := flag.NewFlagSet("", flag.ContinueOnError)
		listen, loop := flags.String("listen", "x", ""), flags.Bool("loop", false, "")
		operands, err := ParseArgs(flags, strings.Fields(tt.args))
		if err != nil || !slices.Equal(operands, strings.Fields(tt.operands)) || *listen != tt.listen || *loop != tt.loop {
			t.Errorf("%s: %q, -listen %s, -loop %v, %v", tt.args, operands, *listen, *loop, err)
		}
	}
}
