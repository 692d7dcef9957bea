package main

import (
	"cmp"
	"io"

	"fantail/cmd/fantail/internal/config"
	"fantail/cmd/fantail/internal/text"
)

// helpNames is the width of the column of variables: the longest name and two
// spaces.
const helpNames = 31

// printUsage prints the help of the program: its commands and its variables.
func printUsage(w io.Writer) error {
	p := text.NewPage(w)
	p.Printf("fantail relays one live feed to tens of thousands of clients.\n")
	p.Heading("Usage: fantail [COMMAND]")
	for _, c := range commands() {
		p.Row(c.Name, c.About)
	}
	p.Row("help", "Print this help; fantail help COMMAND explains one command")
	p.Examples([]string{
		"fantail", "relay a demo feed at ws://localhost:8080/ws",
		"fantail tail", "watch that feed",
		"FANTAIL_SOURCE_URL=wss://example.com/feed fantail check", "try a feed of your own",
		"FANTAIL_SOURCE_URL=wss://example.com/feed fantail", "relay that feed",
	})
	p.Heading("Environment variables. All are optional; the default is in brackets:")
	printVariables(p, config.Basics())
	p.Heading("These are seldom needed:")
	printVariables(p, config.Details())
	p.Heading("Exit code: 0 success, 1 failure, 2 wrong command line or configuration.")
	return p.Flush()
}

// printVariables prints variables, each with its default.
func printVariables(p text.Page, vars []config.Variable) {
	for _, v := range vars {
		p.Entry(v.Name, v.About+" ["+cmp.Or(v.Default, "unset")+"]", helpNames)
	}
}
