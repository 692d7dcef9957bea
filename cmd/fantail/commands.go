package main

import (
	"context"
	"fmt"
	"os"

	"fantail/cmd/fantail/internal/bench"
	"fantail/cmd/fantail/internal/check"
	"fantail/cmd/fantail/internal/cli"
	"fantail/cmd/fantail/internal/health"
	"fantail/cmd/fantail/internal/replay"
	"fantail/cmd/fantail/internal/serve"
	"fantail/cmd/fantail/internal/tail"
	"fantail/cmd/fantail/internal/text"
)

// commands returns the table of commands. The first is the default.
func commands() []cli.Command {
	return []cli.Command{
		serve.Command(), check.Command(), replay.Command(), tail.Command(), bench.Command(), health.Command(), versionCommand(),
	}
}

// run runs a command line and returns the exit code.
func run(ctx context.Context, args []string, std cli.Stdio) int {
	return cli.Conclude(dispatch(ctx, args, std), std.Err)
}

// dispatch finds the command and runs it, or prints help.
func dispatch(ctx context.Context, args []string, std cli.Stdio) error {
	name := commands()[0].Name
	if len(args) > 0 {
		name, args = args[0], args[1:]
	}
	switch name {
	case bench.ChildName:
		return bench.RunChild(ctx, args, bench.ChildProcess{In: os.Stdin, Std: std, Relay: serve.FromEnvironment})
	case "-h", "-help", "--help":
		return printUsage(std.Out)
	case "help":
		if len(args) == 0 {
			return printUsage(std.Out)
		}
		name, args = args[0], []string{"-h"}
	case "-version", "--version":
		name = "version"
	}
	c, err := findCommand(name)
	if err != nil {
		return err
	}
	return c.Run(ctx, args, std)
}

// findCommand returns the command of that name, or an error that suggests one.
func findCommand(name string) (cli.Command, error) {
	var names []string
	for _, c := range commands() {
		if c.Name == name {
			return c, nil
		}
		names = append(names, c.Name)
	}
	advice := "fantail -h lists them"
	if near := text.Nearest(name, names); near != "" {
		advice = fmt.Sprintf("did you mean fantail %s?", near)
	}
	return cli.Command{}, cli.Misuse(fmt.Errorf("there is no command %s; %s", text.Quote(name), advice))
}
