package bench

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"

	"fantail/cmd/fantail/internal/bench/floor"
	"fantail/cmd/fantail/internal/bench/load"
	"fantail/cmd/fantail/internal/cli"
	"fantail/cmd/fantail/internal/text"
)

// ChildName is the command by which fantail bench -selftest starts the parts of
// its set-up as processes. Nobody else needs it, so no help names it. Its operand is a
// part:
//
//	source   a WebSocket source of -rate, -size and -keys
//	floor    a bare-send relay of the source at -source
//	relay    the relay, by its environment
//
// source and floor print "listening HOST:PORT", and the relay prints its banner. Then
// the part answers each line on standard input with "cpu N", the processor time in ns
// that its process has used. It ends with its standard input, so that no part outlives
// the command that started it.
const ChildName = "bench-child"

// ChildProcess has the parts of its process that a part of a self-test uses.
type ChildProcess struct {
	In    io.Reader
	Std   cli.Stdio
	Relay cli.Runner // runs a relay with the configuration of the environment
}

// RunChild runs one part until standard input or ctx ends.
func RunChild(ctx context.Context, args []string, p ChildProcess) error {
	flags := flag.NewFlagSet(ChildName, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	s := benchSource{}
	flags.Float64Var(&s.rate, "rate", 1, "")
	flags.IntVar(&s.size, "size", minBenchSize, "")
	flags.IntVar(&s.keys, "keys", 0, "")
	source := flags.String("source", "", "")
	parts, err := cli.ParseArgs(flags, args)
	if err != nil || len(parts) != 1 {
		return cli.Misuse(errors.New("this command is for fantail bench -selftest alone; use that"))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go answer(p.In, p.Std.Out, cancel) // ended with standard input, at the latest with the process
	switch parts[0] {
	case "source":
		return listening(p.Std.Out, func(l net.Listener) error { return s.serve(ctx, l) })
	case "floor":
		return listening(p.Std.Out, func(l net.Listener) error { return floor.Serve(ctx, l, *source) })
	case "relay":
		return p.Relay(ctx, nil, p.Std)
	}
	return cli.Misuse(fmt.Errorf("there is no part %s", text.Quote(parts[0])))
}

// listening serves at a free port of the loopback interface and prints the address.
func listening(out io.Writer, serve func(net.Listener) error) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "listening %s\n", l.Addr())
	return serve(l)
}

// answer answers each line with the processor time so far, and calls end after the last
// line.
func answer(in io.Reader, out io.Writer, end func()) {
	defer end()
	for lines := bufio.NewScanner(in); lines.Scan(); {
		cpu, _ := load.CPU()
		fmt.Fprintf(out, "cpu %d\n", cpu.Nanoseconds())
	}
}
