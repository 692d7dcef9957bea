package main

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"fantail/cmd/fantail/internal/cli"
	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/cmd/fantail/internal/config"
)

// fantail runs a command line and returns its exit code and what it wrote.
func fantail(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, cli.Stdio{Out: &o, Err: &e})
	return code, o.String(), e.String()
}

func TestUsageNamesEverything(t *testing.T) {
	for _, args := range [][]string{{"-h"}, {"--help"}, {"help"}} {
		code, out, errs := fantail(t, args...)
		if code != 0 || errs != "" {
			t.Fatalf("%v: exit code %d, %q", args, code, errs)
		}
		for _, c := range commands() {
			if !strings.Contains(out, "\n  "+c.Name+" ") || !strings.Contains(out, c.About) {
				t.Errorf("%v: command %s is missing", args, c.Name)
			}
		}
		for _, v := range config.Variables() {
			entry := v.Name + " " + v.About + " [" + cmp.Or(v.Default, "unset") + "]"
			if !strings.Contains(strings.Join(strings.Fields(out), " "), entry) || !strings.Contains(out, "\n  "+v.Name+" ") {
				t.Errorf("%v: variable %s is missing", args, v.Name)
			}
		}
	}
}

func TestCommandUsage(t *testing.T) {
	for _, c := range commands() {
		for _, args := range [][]string{{c.Name, "-h"}, {c.Name, "--help"}, {"help", c.Name}} {
			code, out, errs := fantail(t, args...)
			if code != 0 || errs != "" || !strings.HasPrefix(out, "Usage: "+c.Synopsis()+"\n") || !strings.Contains(out, c.Detail) {
				t.Errorf("%v: exit code %d, %q, %q", args, code, out, errs)
			}
		}
	}
	_, out, _ := fantail(t, "replay", "-h")
	for _, want := range []string{"-listen HOST:PORT", "[127.0.0.1:9000]", "-loop", "-speed FACTOR", "[1]"} {
		if !strings.Contains(out, want) {
			t.Errorf("the help of replay lacks %s:\n%s", want, out)
		}
	}
}

// TestHelpFitsATerminal: 80 columns, except where a word is longer.
func TestHelpFitsATerminal(t *testing.T) {
	lines := [][]string{{"-h"}}
	for _, c := range commands() {
		lines = append(lines, []string{c.Name, "-h"})
	}
	for _, args := range lines {
		_, out, _ := fantail(t, args...)
		for line := range strings.Lines(out) {
			line = strings.TrimSuffix(line, "\n")
			if utf8.RuneCountInString(line) > 80 || strings.TrimRight(line, " ") != line {
				t.Errorf("%v: %q", args, line)
			}
		}
	}
}

func TestCommandsHaveExamples(t *testing.T) {
	for _, c := range commands() {
		_, out, _ := fantail(t, c.Name, "-h")
		for pair := range slices.Chunk(c.Examples, 2) {
			if !strings.Contains(out, "\n  "+pair[0]) || !strings.Contains(out, "  "+pair[1]+"\n") {
				t.Errorf("the help of %s lacks %q:\n%s", c.Name, pair, out)
			}
		}
	}
}

func TestWrongCommandLines(t *testing.T) {
	tests := []struct{ args, want string }{
		{"srve", `there is no command "srve"; did you mean fantail serve?`},
		{"help replya", `there is no command "replya"; did you mean fantail replay?`},
		{"wxyz", `there is no command "wxyz"; fantail -h lists them`},
		{"-listen :80", `there is no command "-listen"; fantail -h lists them`},
		{"bench-child", "this command is for fantail bench -selftest alone; use that"},
		{"serve now", "the number of arguments is 1 and must be 0; write fantail serve"},
		{"serve -port 80", "flag provided but not defined: -port; see fantail serve -h"},
		{"replay", "the number of arguments is 0 and must be 1; write fantail replay FILE"},
		{"replay a b", "the number of arguments is 2 and must be 1; write fantail replay FILE"},
		{"tail a b", "the number of arguments is 2 and must be 0 to 1; write fantail tail [URL]"},
		{"tail -n x", `invalid value "x" for flag -n: parse error; see fantail tail -h`},
		{"tail -source ws://x", "-source and a URL exclude each other; leave one of them out"},
		{"tail gopher://x", `feed: the source URL has the unknown scheme "gopher"; start it with one of ws: wss: http: https: replay: stdin: demo: push: redis: rediss: nats: tls+nats: amqp: amqps:`},
		{"check -for 0s", "-for 0s is out of bounds; write a time from 1ms to 1h0m0s"},
		{"replay a -speed fast", `invalid value "fast" for flag -speed: write a factor such as 1, 0.5 or 10, or max; see fantail replay -h`},
	}
	for _, tt := range tests {
		code, out, errs := fantail(t, strings.Fields(tt.args)...)
		if code != 2 || out != "" || errs != "fantail: "+tt.want+"\n" {
			t.Errorf("%s: exit code %d, %q, %q; want %s", tt.args, code, out, errs, tt.want)
		}
	}
}

func TestWrongConfigurationIsExitCode2(t *testing.T) {
	cmdtest.Setenv(t, "FANTAIL_LISTEN=x", "FANTAIL_SOURCE_URL=")
	for _, args := range [][]string{nil, {"serve"}} {
		code, out, errs := fantail(t, args...)
		if code != 2 || out != "" || !strings.HasPrefix(errs, "fantail: 2 problems with the configuration:\n") {
			t.Errorf("%v: exit code %d, %q, %q", args, code, out, errs)
		}
	}
}
