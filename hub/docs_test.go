package hub

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// citation is a test, a fuzz target or a benchmark that a comment names, and the place
// that the comment gives for it: "TestX in cmd/fantail/e2e".
var citation = regexp.MustCompile(`\b((?:Test|Fuzz|Benchmark|Example)[A-Z]\w*)(?:\s+(?://\s+)?in\s+(?://\s+)?((?:cmd|examples|feed|hub|relay)[\w/]*))?`)

// TestDocsCiteTestsThatExist finds every test that a Go file names, test files apart.
// The test must be in the room of that file, in a room below, or in the place that the
// file gives. TestMain means every package's own.
func TestDocsCiteTestsThatExist(t *testing.T) {
	tests := testsByRoom(t)
	cited := 0
	visitGoFiles(t, func(file string) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range citation.FindAllStringSubmatch(string(text), -1) {
			if m[1] == "TestMain" {
				continue
			}
			cited++
			if place := cmp.Or(m[2], roomOf(file)); !existsBelow(tests[m[1]], place) {
				t.Errorf("%s names %s, which is not in %s; tests of that name are in %q", strings.TrimPrefix(file, "../"), m[1], place, tests[m[1]])
			}
		}
	})
	if cited == 0 {
		t.Error("no file names a test, so this test compares nothing")
	}
}

// TestCitation shows which words of a comment name a test, and with which place.
func TestCitation(t *testing.T) {
	for _, tt := range []struct{ text, name, place string }{
		{"(TestModel)", "TestModel", ""},
		{"compare BenchmarkPass with", "BenchmarkPass", ""},
		{"(TestH1Dribblers in\n// cmd/fantail/e2e)", "TestH1Dribblers", "cmd/fantail/e2e"},
		{"TestPages in\n// cmd/fantail.", "TestPages", "cmd/fantail"},
		{"FuzzRecording in the gate", "FuzzRecording", ""},
		{"Tests of Testing, LatestX", "", ""},
	} {
		m := citation.FindStringSubmatch(tt.text)
		if m == nil {
			m = make([]string, 3)
		}
		if m[1] != tt.name || m[2] != tt.place {
			t.Errorf("%q: %q in %q, want %q in %q", tt.text, m[1], m[2], tt.name, tt.place)
		}
	}
}

// existsBelow reports whether one of the rooms is place or a room below it.
func existsBelow(rooms []string, place string) bool {
	for _, room := range rooms {
		if room == place || strings.HasPrefix(room, place+"/") {
			return true
		}
	}
	return false
}

// testsByRoom returns the rooms of each function of the module's test files.
func testsByRoom(t *testing.T) map[string][]string {
	t.Helper()
	tests := map[string][]string{}
	visitGoFiles(t, func(file string) {
		if !strings.HasSuffix(file, "_test.go") {
			return
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				tests[f.Name.Name] = append(tests[f.Name.Name], roomOf(file))
			}
		}
	})
	return tests
}

// roomOf returns the room of a file of the module.
func roomOf(file string) string { return strings.TrimPrefix(path.Dir(file), "../") }

// visitGoFiles visits every Go file of the module. The paths begin with "../" and have slashes.
func visitGoFiles(t *testing.T, visit func(file string)) {
	t.Helper()
	err := filepath.WalkDir("..", func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(file, ".go") {
			visit(filepath.ToSlash(file))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
