package main

import (
	"io"
	"os"

	"github.com/dustin/go-humanize"
	"github.com/rs/zerolog"

	"fantail/feed"
)

// printConfiguration prints the variables that most operators look at and all
// others that are set, without what is secret. The config is zero if the
// environment has problems.
func printConfiguration(out io.Writer, e *environment, c config) {
	p := newPage(out)
	p.printf("Configuration (fantail -h explains the variables)\n")
	for _, v := range e.variables() {
		set := os.Getenv(v.name) != ""
		if !set && !v.basic {
			continue
		}
		value := string(appendPrintable(nil, []byte(show(*v.value, v.secret))))
		switch {
		case v.value == &e.SourceURL && c.SourceURL != "":
			value = maskedSource(c, c.SourceURL)
		case v.value == &e.MaxClients && *v.value == "auto" && c.MaxClients > 0:
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
		p.row(v.name, value)
	}
	_ = p.flush()
}

// maskedSource returns a valid source's URL as the relay's log shows it: with
// its host, but without what looks like a secret.
func maskedSource(c config, url string) string {
	cfg := feedConfig(c)
	cfg.URL = url
	f, err := feed.New(cfg, nil, zerolog.Nop())
	if err != nil {
		return hidden
	}
	return f.Stats().Source
}
