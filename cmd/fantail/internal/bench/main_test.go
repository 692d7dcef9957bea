package bench

import (
	"context"
	"os"
	"strings"
	"testing"

	"fantail/cmd/fantail/internal/cli"
	"fantail/cmd/fantail/internal/serve"
	"fantail/hub/leaktest"
	"fantail/hub/peertest"
)

// asMain in the environment makes the test binary fantail bench, or a part of its
// self-test. It is set for all that the tests start.
const asMain = "TEST_AS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) == "" || len(os.Args) < 2 || strings.HasPrefix(os.Args[1], "-test.") {
		os.Setenv(asMain, "fantail")
		peertest.Parallel(6)
		leaktest.Main(m)
	}
	std := cli.Stdio{Out: os.Stdout, Err: os.Stderr}
	os.Exit(cli.Conclude(asProgram(context.Background(), os.Args[1:], std), std.Err))
}

func asProgram(ctx context.Context, args []string, std cli.Stdio) error {
	if args[0] == ChildName {
		return RunChild(ctx, args[1:], ChildProcess{In: os.Stdin, Std: std, Relay: serve.FromEnvironment})
	}
	return Command().Run(ctx, args[1:], std)
}
