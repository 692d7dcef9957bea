package check

import (
	"io"

	"fantail/cmd/fantail/internal/config"
	"fantail/cmd/fantail/internal/text"
)

// printConfiguration prints the variables that most operators look at and all
// others that are set, without what is secret. The config is zero if the
// environment has problems.
func printConfiguration(out io.Writer, e config.Environment, c config.Config, valid bool) {
	p := text.NewPage(out)
	p.Printf("Configuration (fantail -h explains the variables)\n")
	for _, v := range c.Variables() {
		set := e[v.Name] != ""
		if !set && !v.Basic {
			continue
		}
		value := string(text.AppendPrintable(nil, []byte(v.Shown(e.Text(v)))))
		if valid && v.Shows != nil {
			value = v.Shows(value)
		}
		p.Row(v.Name, valueLine(value, set))
	}
	_ = p.Flush()
}

// valueLine says where a value is from.
func valueLine(value string, set bool) string {
	switch {
	case value == "" && set:
		return "(blank)"
	case value == "":
		return "(none, the default)"
	case !set:
		return value + " (default)"
	}
	return value
}
