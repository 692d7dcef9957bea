//go:build unix

package e2e

import (
	"bufio"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fantail/cmd/fantail/e2e/sourcetest"
	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/cmd/fantail/internal/config"
)

// sourcesDir is where the examples of real feeds are.
const sourcesDir = "../../../examples/sources"

// sourceExamples returns the names of the examples, without .env.
func sourceExamples(t testing.TB) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(sourcesDir, "*.env"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has %d examples, %v", sourcesDir, len(files), err)
	}
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".env"))
	}
	return names
}

// envFile reads a file as docker run --env-file does: a line that begins with #
// is a comment, and a value is everything after the first =, quotes included.
func envFile(t testing.TB, name string) (entries []string) {
	t.Helper()
	f, err := os.Open(filepath.Join(sourcesDir, name+".env"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimLeft(lines.Text(), " \t")
		if line == "" || line[0] == '#' {
			continue
		}
		variable, _, assigned := strings.Cut(line, "=")
		if !assigned || strings.ContainsAny(variable, " \t'\"") {
			t.Fatalf("%s: %q is no NAME=value", name, line)
		}
		entries = append(entries, line)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return entries
}

// sourcedFile reads a file as a shell does with set -a; . file.
func sourcedFile(t *testing.T, name string) (entries []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", `set -a; . "$0"; exec env`, "./"+name+".env")
	cmd.Dir, cmd.Env = sourcesDir, []string{"PATH=" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("sh: %v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, config.Prefix) {
			entries = append(entries, strings.TrimSuffix(line, "\n"))
		}
	}
	return entries
}

// TestSourceExamplesReadBothWays: an example means the same to docker run
// --env-file and to a shell, and is a configuration without a problem.
func TestSourceExamplesReadBothWays(t *testing.T) {
	for _, name := range sourceExamples(t) {
		t.Run(name, func(t *testing.T) {
			cmdtest.Setenv(t, envFile(t, name)...)
			docker := texts()
			if _, err := config.Load(); err != nil {
				t.Error(err)
			}
			cmdtest.Setenv(t, sourcedFile(t, name)...)
			if shell := texts(); !maps.Equal(docker, shell) {
				t.Errorf("to docker it is\n%+v\nand to a shell\n%+v", docker, shell)
			}
			if url, key := docker["FANTAIL_SOURCE_URL"], docker["FANTAIL_SOURCE_KEY"]; url == "demo:" || key == "" {
				t.Errorf("has the URL %s and the key %q", url, key)
			}
		})
	}
}

// texts returns the text of every variable in this process's environment.
func texts() map[string]string {
	all, e := map[string]string{}, config.ReadEnvironment()
	for _, v := range config.Variables() {
		all[v.Name] = e.Text(v)
	}
	return all
}

// TestSourceExamplesAreDocumented: each names its feed, the settings to change, its
// limits and its licence, and is in the README's list.
func TestSourceExamplesAreDocumented(t *testing.T) {
	parallel(t)
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sourceExamples(t) {
		text, err := os.ReadFile(filepath.Join(sourcesDir, name+".env"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"# Change: ", "# Limits: ", "# Licence: "} {
			if !strings.Contains(string(text), "\n"+want) {
				t.Errorf("%s.env has no line %q", name, want)
			}
		}
		if !strings.Contains(string(readme), "(examples/sources/"+name+".env)") {
			t.Errorf("the README does not list %s.env", name)
		}
	}
}

// TestEachSourceExampleHasItsServer: each published file has a server that tests it.
func TestEachSourceExampleHasItsServer(t *testing.T) {
	parallel(t)
	served := []string{"irc"} // by a real server (TestChat)
	for _, p := range sourcetest.Protocols() {
		served = append(served, p.Name)
	}
	slices.Sort(served)
	if got := sourceExamples(t); !slices.Equal(got, served) {
		t.Errorf("examples %q, servers for %q", got, served)
	}
}
