package main

import "io"

// helpNames is the width of the column of variables: the longest name and two
// spaces.
const helpNames = 31

// printUsage prints what fantail is, its commands and its variables.
func printUsage(w io.Writer) error {
	p := newPage(w)
	p.printf("fantail relays one live feed to tens of thousands of clients.\n")
	p.heading("Usage: fantail [COMMAND]")
	for _, c := range commands() {
		p.row(c.name, c.about)
	}
	p.row("help", "Print this; fantail help COMMAND tells more about one")
	p.examples([]string{
		"fantail", "a demo feed at ws://localhost:8080/ws",
		"fantail tail", "watch it",
		"FANTAIL_SOURCE_URL=wss://example.com/feed fantail check", "try a feed of your own",
		"FANTAIL_SOURCE_URL=wss://example.com/feed fantail", "relay it",
	})
	p.heading("Environment variables, all optional; [default]:")
	printVariables(p, true)
	p.heading("More of them, seldom needed:")
	printVariables(p, false)
	p.heading("Exit code: 0 fine, 1 failed, 2 wrong command line or configuration.")
	return p.flush()
}

// printVariables prints the basic variables or the others.
func printVariables(p page, basic bool) {
	for _, v := range new(environment).variables() {
		if v.basic != basic {
			continue
		}
		about := v.about + " [" + v.def + "]"
		if v.def == "" {
			about = v.about + " [unset]"
		}
		p.entry(v.name, about, helpNames)
	}
}
