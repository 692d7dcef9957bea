package check

import (
	"io"
	"os"

	"github.com/dustin/go-humanize"
	"github.com/rs/zerolog"

	"fantail/cmd/fantail/internal/config"
	"fantail/cmd/fantail/internal/text"
	"fantail/feed"
)

// printConfiguration prints the variables that most operators look at and all
// others that are set, without what is secret. The config is zero if the
// environment has problems.
func printConfiguration(out io.Writer, e *config.Environment, c config.Config) {
	p := text.NewPage(out)
	p.Printf("Configuration (fantail -h explains the variables)\n")
	for _, v := range e.Variables() {
		set := os.Getenv(v.Name) != ""
		if !set && !v.Basic {
			continue
		}
		value := string(text.AppendPrintable(nil, []byte(config.Show(*v.Value, v.Secret))))
		switch {
		case v.Value == &e.SourceURL && c.SourceURL != "":
			value = maskedSource(c, c.SourceURL)
		case v.Value == &e.MaxClients && *v.Value == "auto" && c.MaxClients > 0:
			value += ": " + humanize.Comma(int64(c.MaxClients)) + " with this limit on open files"
		}
		switch {
		case value == "" && set:
			value = "(blank)"
		case value == "":
			value = "(none, the default)"
		case !set:
			value += " (default)"
		}
		p.Row(v.Name, value)
	}
	_ = p.Flush()
}

// maskedSource returns a valid source's URL as the relay's log shows it: with
// its host, but without what looks like a secret.
func maskedSource(c config.Config, url string) string {
	cfg := config.Feed(c)
	cfg.URL = url
	f, err := feed.New(cfg, nil, zerolog.Nop())
	if err != nil {
		return config.Hidden
	}
	return f.Stats().Source
}
