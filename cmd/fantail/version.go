package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"fantail/cmd/fantail/internal/cli"
)

// versionCommand is the row of fantail version.
func versionCommand() cli.Command {
	return cli.Command{
		Name:   "version",
		About:  "Print the version",
		Detail: "It prints the version, the commit, its time and the Go release of this build.",
		Setup:  cli.Plain(runVersion),
	}
}

// runVersion prints one line about this build.
func runVersion(_ context.Context, _ []string, std cli.Stdio) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("this build carries no information about itself; build it with Go modules")
	}
	_, err := fmt.Fprintln(std.Out, versionLine(info))
	return err
}

// versionLine returns what the Go tool stamped into the build, on one line:
//
//	fantail v1.2.0 (0123456789ab, 2006-01-02T15:04:05Z, modified) go1.26.8 linux/amd64
func versionLine(info *debug.BuildInfo) string {
	stamp := map[string]string{}
	for _, s := range info.Settings {
		stamp[s.Key] = s.Value
	}
	var vcs []string
	if revision := stamp["vcs.revision"]; revision != "" {
		vcs = append(vcs, revision[:min(12, len(revision))])
	}
	if t := stamp["vcs.time"]; t != "" {
		vcs = append(vcs, t)
	}
	if stamp["vcs.modified"] == "true" {
		vcs = append(vcs, "modified")
	}
	line := "fantail " + info.Main.Version
	if len(vcs) > 0 {
		line += " (" + strings.Join(vcs, ", ") + ")"
	}
	return fmt.Sprintf("%s %s %s/%s", line, info.GoVersion, runtime.GOOS, runtime.GOARCH)
}
