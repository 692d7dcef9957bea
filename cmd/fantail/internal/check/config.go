package check

import (
	"io"

	"fantail/cmd/fantail/internal/config"
	"fantail/cmd/fantail/internal/text"
)

// printConfiguration prints the basic variables and all others that are set, without
// secrets. The config is zero if it is not valid.
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

// valueLine returns a value and says whether it is the default.
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
