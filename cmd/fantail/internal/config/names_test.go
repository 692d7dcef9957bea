package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

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
