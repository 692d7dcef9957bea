package config

import (
	"fmt"
	"strings"
)

// The lines of the README between which the table of variables stands.
const (
	tableBegin = "<!-- configuration: written by go test ./cmd/fantail/internal/config -run TestReadmeTable -update -->"
	tableEnd   = "<!-- end of configuration -->"
)

// configTable returns the variables as two Markdown tables, the basics first.
func configTable() string {
	var b strings.Builder
	for _, basic := range []bool{true, false} {
		if !basic {
			b.WriteString("\nMore, seldom needed:\n\n")
		}
		b.WriteString("| variable | default | what it sets |\n|---|---|---|\n")
		for _, v := range new(Environment).Variables() {
			if v.Basic == basic {
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", v.Name, code(v.Def), cell(v.About))
			}
		}
	}
	return b.String()
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

// cell escapes what would end a cell or start emphasis.
func cell(s string) string { return strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;").Replace(s) }
