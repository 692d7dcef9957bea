// Command fantail relays one live feed to tens of thousands of clients.
//
// It alone knows the environment, the command line and the signals. The libraries
// feed, hub and relay take plain structs. Package main holds the table of commands;
// the commands are rooms below internal, each with a doc.go that says what it owns. The
// end-to-end tests are in e2e.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"fantail/cmd/fantail/internal/cli"
)

func main() {
	ctx := endOnSignal(context.Background())
	os.Exit(run(ctx, os.Args[1:], cli.Stdio{Out: os.Stdout, Err: os.Stderr}))
}

// endOnSignal returns a context that the first SIGINT or SIGTERM cancels. The second
// signal ends the process at once with exit code 1. The goroutine waits for signals
// until the process ends.
func endOnSignal(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2) // never closed
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(1)
	}()
	return ctx
}
