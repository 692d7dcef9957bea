package main

import (
	"bytes"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"fantail/cmd/fantail/internal/cli"
)

func TestVersionLine(t *testing.T) {
	platform := " go1.26 " + runtime.GOOS + "/" + runtime.GOARCH
	tests := []struct {
		version  string
		settings []debug.BuildSetting
		want     string
	}{
		{"(devel)", nil, "fantail (devel)"},
		{"v1.2.0", []debug.BuildSetting{{Key: "vcs.modified", Value: "false"}, {Key: "vcs.time", Value: "2006-01-02T15:04:05Z"}, {Key: "vcs.revision", Value: "0123456789abcdef"}},
			"fantail v1.2.0 (0123456789ab, 2006-01-02T15:04:05Z)"},
		{"v1.2.0", []debug.BuildSetting{{Key: "vcs.modified", Value: "true"}, {Key: "vcs.revision", Value: "0123"}}, "fantail v1.2.0 (0123, modified)"},
	}
	for _, tt := range tests {
		info := &debug.BuildInfo{GoVersion: "go1.26", Main: debug.Module{Version: tt.version}, Settings: tt.settings}
		if got := versionLine(info); got != tt.want+platform {
			t.Errorf("got %q, want %q", got, tt.want+platform)
		}
	}
}

func TestVersionCommand(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--version"}} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), args, cli.Stdio{Out: &out, Err: &errs}); code != 0 || !strings.HasPrefix(out.String(), "fantail ") || !strings.Contains(out.String(), runtime.Version()) {
			t.Errorf("%v: exit code %d, %q, %q", args, code, out.String(), errs.String())
		}
	}
}
