package config

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fantail/hub/setting"
)

// TestNames: each field of a library that a variable sets has that variable's name.
func TestNames(t *testing.T) {
	for field, want := range map[setting.Name]string{
		"Queue.Stall": "FANTAIL_STALL_TIMEOUT", "Uplink.Burst": "FANTAIL_UPLINK_RATE", "Source": "FANTAIL_SOURCE_URL", "Snapshot": "FANTAIL_SNAPSHOT", "Push.MaxBody": "FANTAIL_SOURCE_MAX_MESSAGE", "Push.Token": "FANTAIL_PUSH_TOKEN", "Stdin": "",
	} {
		if got := Names(field); got != want {
			t.Errorf("the setting %s is called %q, want %q", field, got, want)
		}
	}
	c := new(Config)
	for _, library := range []any{&c.Relay, &c.Feed} {
		for _, v := range c.variables() {
			path := pathIn(reflect.ValueOf(library).Elem(), reflect.ValueOf(v.field))
			if path != "" && Names(setting.Name(path)) != v.Name {
				t.Errorf("the setting %s of a %T is called %q, want %q", path, library, Names(setting.Name(path)), v.Name)
			}
		}
	}
}

func TestNamed(t *testing.T) {
	err := Named(setting.Errorf("feed: %v is empty: %w", setting.Name("Push.Token"), io.EOF))
	if err.Error() != "feed: FANTAIL_PUSH_TOKEN is empty: EOF" || !errors.Is(err, io.EOF) || Named(nil) != nil {
		t.Errorf("got %v", err)
	}
}

// TestNamesInTexts: every variable that the program, its documents and its examples
// speak of is there.
func TestNamesInTexts(t *testing.T) {
	var names []string
	for _, v := range Variables() {
		names = append(names, v.Name)
	}
	names = append(names, Prefix)
	word := regexp.MustCompile(`FANTAIL_[A-Z_]*`)
	files := 0
	for _, root := range []string{"../..", "../../../../README.md", "../../../../Dockerfile", "../../../../examples"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || filepath.Base(path) == "unknown.go" {
				return err // a test makes names up, and so does Kubernetes
			}
			text, err := os.ReadFile(path)
			files++
			for _, name := range word.FindAllString(string(text), -1) {
				if !slices.Contains(names, name) {
					t.Errorf("%s speaks of %s, which there is not", path, name)
				}
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if files < 50 {
		t.Errorf("only %d files were searched", files)
	}
}
