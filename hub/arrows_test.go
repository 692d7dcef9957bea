package hub

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The arrows of the module: cmd uses feed and relay, these use hub, hub uses
// neither; and one file alone imports the WebSocket library.
func TestArrows(t *testing.T) {
	forbidden := map[string][]string{
		"hub":           {"fantail/hub/websocket", "fantail/feed", "fantail/relay", "net/http", "nhooyr.io/websocket", "github.com/rs/zerolog"},
		"hub/websocket": {"fantail/feed", "fantail/relay"},
		"feed":          {"fantail/relay", "nhooyr.io/websocket", "github.com/kelseyhightower/envconfig"},
		"relay":         {"fantail/feed", "nhooyr.io/websocket", "github.com/kelseyhightower/envconfig"},
		"cmd":           {"nhooyr.io/websocket"},
	}
	const door = "hub/websocket/door.go"
	found := map[string]int{}
	for file, imports := range sources(t) {
		dir := owner(file)
		found[dir]++
		for _, no := range forbidden[dir] {
			if slices.Contains(imports, no) && file != door {
				t.Errorf("%s imports %s", file, no)
			}
		}
		if slices.Contains(imports, "nhooyr.io/websocket") && file != door {
			t.Errorf("%s imports the library; %s is its only door", file, door)
		}
	}
	for _, dir := range []string{"hub", "hub/websocket", "feed", "relay"} {
		if found[dir] == 0 {
			t.Errorf("no file found in %s", dir)
		}
	}
}

// owner is the entry of TestArrows' table that a file belongs to.
func owner(file string) string {
	if strings.HasPrefix(file, "hub/websocket/") {
		return "hub/websocket"
	}
	top, _, _ := strings.Cut(file, "/")
	return top
}

// sources returns the module's Go files for all systems, tests left out, and
// what each imports.
func sources(t *testing.T) map[string][]string {
	t.Helper()
	files := map[string][]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		file := strings.TrimPrefix(filepath.ToSlash(path), "../")
		files[file] = nil
		for _, i := range parsed.Imports {
			files[file] = append(files[file], strings.Trim(i.Path.Value, `"`))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
