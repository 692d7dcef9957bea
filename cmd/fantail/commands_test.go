package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"slices"
	"strings"
	"testing"
)

// cli runs a command line and returns its exit code and what it wrote.
func cli(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, stdio{&o, &e})
	return code, o.String(), e.String()
}

func TestUsageNamesEverything(t *testing.T) {
	for _, args := range [][]string{{"-h"}, {"--help"}, {"help"}} {
		code, out, errs := cli(t, args...)
		if code != 0 || errs != "" {
			t.Fatalf("%v: exit code %d, %q", args, code, errs)
		}
		for _, c := range commands() {
			if !strings.Contains(out, "\n  "+c.name+" ") || !strings.Contains(out, c.about) {
				t.Errorf("%v: command %s is missing", args, c.name)
			}
		}
		for _, v := range new(environment).variables() {
			if !strings.Contains(out, "\n  "+v.name+" ") || !strings.Contains(out, "["+v.def) || !strings.Contains(out, v.about) {
				t.Errorf("%v: variable %s is missing", args, v.name)
			}
		}
	}
}

func TestCommandUsage(t *testing.T) {
	for _, c := range commands() {
		for _, args := range [][]string{{c.name, "-h"}, {c.name, "--help"}, {"help", c.name}} {
			code, out, errs := cli(t, args...)
			if code != 0 || errs != "" || !strings.HasPrefix(out, "Usage: "+c.synopsis()+"\n") || !strings.Contains(out, c.detail) {
				t.Errorf("%v: exit code %d, %q, %q", args, code, out, errs)
			}
		}
	}
	_, out, _ := cli(t, "replay", "-h")
	for _, want := range []string{"-listen HOST:PORT", "[127.0.0.1:9000]", "-loop", "-speed FACTOR", "[1]"} {
		if !strings.Contains(out, want) {
			t.Errorf("the help of replay lacks %s:\n%s", want, out)
		}
	}
}

func TestWrongCommandLines(t *testing.T) {
	tests := []struct{ args, want string }{
		{"srve", `there is no command "srve"; did you mean fantail serve?`},
		{"help replya", `there is no command "replya"; did you mean fantail replay?`},
		{"wxyz", `there is no command "wxyz"; fantail -h lists them`},
		{"-listen :80", `there is no command "-listen"; fantail -h lists them`},
		{"serve now", "1 arguments instead of 0; write fantail serve"},
		{"serve -port 80", "flag provided but not defined: -port; see fantail serve -h"},
		{"replay", "0 arguments instead of 1; write fantail replay FILE"},
		{"replay a b", "2 arguments instead of 1; write fantail replay FILE"},
		{"replay a -speed fast", `invalid value "fast" for flag -speed: write a factor such as 1, 0.5 or 10, or max; see fantail replay -h`},
	}
	for _, tt := range tests {
		code, out, errs := cli(t, strings.Fields(tt.args)...)
		if code != 2 || out != "" || errs != "fantail: "+tt.want+"\n" {
			t.Errorf("%s: exit code %d, %q, %q; want %s", tt.args, code, out, errs, tt.want)
		}
	}
}

func TestWrongConfigurationIsExitCode2(t *testing.T) {
	setenv(t, "FANTAIL_LISTEN=x", "FANTAIL_SOURCE_URL=")
	for _, args := range [][]string{nil, {"serve"}} {
		code, out, errs := cli(t, args...)
		if code != 2 || out != "" || !strings.HasPrefix(errs, "fantail: 2 problems with the configuration:\n") {
			t.Errorf("%v: exit code %d, %q, %q", args, code, out, errs)
		}
	}
}

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
		operands, err := parseArgs(flags, strings.Fields(tt.args))
		if err != nil || !slices.Equal(operands, strings.Fields(tt.operands)) || *listen != tt.listen || *loop != tt.loop {
			t.Errorf("%s: %q, -listen %s, -loop %v, %v", tt.args, operands, *listen, *loop, err)
		}
	}
}

func TestCommandFailureIsExitCode1(t *testing.T) {
	c := command{name: "x", setup: plain(func(context.Context, []string, stdio) error { return errors.New("no") })}
	err := c.run(t.Context(), nil, stdio{io.Discard, io.Discard})
	if got := exitCode(err); got != 1 {
		t.Errorf("exit code %d of %v", got, err)
	}
}
