package skiptest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// inChild in the environment has TestSkips skip.
const inChild = "TEST_SKIPS"

func TestMain(m *testing.M) {
	code := m.Run()
	Report()
	os.Exit(code)
}

// TestSkips runs as a process in which it is three tests that lack something.
func TestSkips(t *testing.T) {
	if os.Getenv(inChild) != "" {
		for name, need := range map[string]string{"one": "nginx (apt-get install nginx)", "two": "nginx (apt-get install nginx)", "three": "node"} {
			t.Run(name, func(t *testing.T) { Skip(t, "TEST_REQUIRE", need, "a relay behind %s", need) })
		}
		return
	}
	run := func(env string, args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), os.Args[0], append(args, "-test.run=^TestSkips$")...)
		cmd.Env = append(os.Environ(), inChild+"=1", env)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run("TEST_REQUIRE=", "-test.v")
	if want := "SKIPPED 3 tests of fantail/hub/skiptest: 2 need nginx (apt-get install nginx), 1 needs node\n"; err != nil || !strings.Contains(out, want) ||
		!strings.Contains(out, "NOT CHECKED: a relay behind node; it needs node\n") {
		t.Errorf("%v, said %s", err, out)
	}
	out, err = run("TEST_REQUIRE=1")
	if err == nil || !strings.Contains(out, "it needs node (TEST_REQUIRE is set)") || strings.Contains(out, "SKIPPED") {
		t.Errorf("%v, said %s", err, out)
	}
}

func TestNothingSkippedIsNothingSaid(t *testing.T) {
	if got := summary("x"); got != "" {
		t.Errorf("says %q", got)
	}
}
