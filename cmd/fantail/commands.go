package main

import (
	"context"
	"fmt"
	"os"
)

// commands is the table of subcommands; the first is the default.
func commands() []Command {
	return []Command{
		ServeCommand(), CheckCommand(), ReplayCommand(), TailCommand(), BenchCommand(), HealthCommand(), versionCommand(),
	}
}

// run runs the command line that args is and returns the exit code.
func run(ctx context.Context, args []string, std Stdio) int {
	return Conclude(dispatch(ctx, args, std), std.Err)
}

// dispatch finds the command and runs it, or prints help.
func dispatch(ctx context.Context, args []string, std Stdio) error {
	name := commands()[0].Name
	if len(args) > 0 {
		name, args = args[0], args[1:]
	}
	switch name {
	case ChildName:
		return RunChild(ctx, args, ChildProcess{In: os.Stdin, Std: std, Relay: FromEnvironment})
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
func findCommand(name string) (Command, error) {
	var names []string
	for _, c := range commands() {
		if c.Name == name {
			return c, nil
		}
		names = append(names, c.Name)
	}
	advice := "fantail -h lists them"
	if near := Nearest(name, names); near != "" {
		advice = fmt.Sprintf("did you mean fantail %s?", near)
	}
	return Command{}, Misuse(fmt.Errorf("there is no command %s; %s", Quote(name), advice))
}
