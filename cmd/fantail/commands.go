package main

import (
	"context"
	"fmt"
	"os"
)

// commands is the table of subcommands; the first is the default.
func commands() []command {
	return []command{
		serveCommand(), checkCommand(), replayCommand(), tailCommand(), benchCommand(), healthCommand(), versionCommand(),
	}
}

// run runs the command line that args is and returns the exit code.
func run(ctx context.Context, args []string, std stdio) int {
	return conclude(dispatch(ctx, args, std), std.err)
}

// dispatch finds the command and runs it, or prints help.
func dispatch(ctx context.Context, args []string, std stdio) error {
	name := commands()[0].name
	if len(args) > 0 {
		name, args = args[0], args[1:]
	}
	switch name {
	case benchChild:
		return runBenchChild(ctx, args, benchProcess{in: os.Stdin, std: std, relay: runServe})
	case "-h", "-help", "--help":
		return printUsage(std.out)
	case "help":
		if len(args) == 0 {
			return printUsage(std.out)
		}
		name, args = args[0], []string{"-h"}
	case "-version", "--version":
		name = "version"
	}
	c, err := findCommand(name)
	if err != nil {
		return err
	}
	return c.run(ctx, args, std)
}

// findCommand returns the command of that name, or an error that suggests one.
func findCommand(name string) (command, error) {
	var names []string
	for _, c := range commands() {
		if c.name == name {
			return c, nil
		}
		names = append(names, c.name)
	}
	advice := "fantail -h lists them"
	if near := nearest(name, names); near != "" {
		advice = fmt.Sprintf("did you mean fantail %s?", near)
	}
	return command{}, misuse(fmt.Errorf("there is no command %s; %s", quote(name), advice))
}
