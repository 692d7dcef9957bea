package config

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the README's table of variables anew")

func TestReadmeTable(t *testing.T) {
	const readme = "../../../../README.md"
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), tableBegin+"\n")
	table, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		t.Fatalf("README.md lacks the lines\n%s\n%s\nwith the table of variables between them", tableBegin, tableEnd)
	}
	if table == configTable() {
		return
	}
	if !*update {
		t.Fatal("README.md's table of variables is not up to date; write it anew with\n\tgo test ./cmd/fantail/internal/config -run TestReadmeTable -update")
	}
	text = []byte(before + tableBegin + "\n" + configTable() + tableEnd + after)
	if err := os.WriteFile(readme, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestConfigTableHasARowForEachVariable(t *testing.T) {
	table := configTable()
	for _, v := range Variables() {
		if strings.Count(table, "\n| `"+v.Name+"` | ") != 1 {
			t.Errorf("no row, or several, for %s", v.Name)
		}
	}
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "|") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") != 4 {
			t.Errorf("not three cells: %s", line)
		}
	}
}
