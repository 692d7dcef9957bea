// Command fantail relays one live feed to tens of thousands of clients. It is
// the only place that knows the environment, the command line and the signals:
// the packages below it take plain structs.
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

// endOnSignal returns a context that the first SIGINT or SIGTERM cancels. The
// second ends the process with exit code 1, whatever it is doing. The goroutine
// waits for signals as long as the process lives.
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
