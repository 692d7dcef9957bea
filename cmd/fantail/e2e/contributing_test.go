//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// repository is the top of the repository from where the tests run.
const repository = "../../.."

// rootFile returns a file of the repository.
func rootFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(repository, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// groups returns the matches of a pattern's first group, in order.
func groups(text, pattern string) (found []string) {
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

// CONTRIBUTING.md says where things go, so the places have to be there.
func TestContributingNamesPlaces(t *testing.T) {
	places := groups(rootFile(t, ".github/CONTRIBUTING.md"), "`(\\.?[a-z]+(?:/[a-zA-Z_]+)*/[a-zA-Z_]+(?:\\.[a-z]+)?)`")
	if len(places) < 20 {
		t.Fatalf("only %d places found: %q", len(places), places)
	}
	for _, place := range places {
		if _, err := os.Stat(filepath.Join(repository, place)); err != nil {
			t.Error(err)
		}
	}
}

// CONTRIBUTING.md lists the steps of the gate as they run.
func TestContributingListsTheGate(t *testing.T) {
	listed := groups(rootFile(t, ".github/CONTRIBUTING.md"), "(?m)^\\| `([a-z]+)` \\|")
	run := groups(rootFile(t, ".ci/run"), `(?m)^steps=\((.*)\)$`)
	if len(run) != 1 || !slices.Equal(listed, strings.Fields(run[0])) {
		t.Errorf("listed are %q; .ci/run has %q", listed, run)
	}
}
