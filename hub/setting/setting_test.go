package setting

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
)

const (
	key Name = "Messages.Key"
	url Name = "Sources.URL"
	own Name = "Own"
)

// variables is the Namer of a program that has no variable for own.
func variables(n Name) string {
	return map[Name]string{key: "FEED_KEY", url: "FEED_URL"}[n]
}

// opaque wraps an error under a text of its own.
type opaque struct{ error }

func (opaque) Error() string   { return "something else" }
func (o opaque) Unwrap() error { return o.error }

// ours is a wrapper that renders.
type ours struct{ of error }

func (o ours) Error() string         { return o.Render(nil) }
func (o ours) Render(n Namer) string { return "ours, " + n.Text(o.of) + ", ends" }

func TestText(t *testing.T) {
	simple := Errorf("%v is %d", key, 3)
	for _, tt := range []struct {
		about        string
		err          error
		plain, named string
	}{
		{"no setting", io.EOF, "EOF", "EOF"},
		{"one setting", simple, "Config.Messages.Key is 3", "FEED_KEY is 3"},
		{"two settings", Errorf("%s or %q", url, key), `Config.Sources.URL or "Config.Messages.Key"`, `FEED_URL or "FEED_KEY"`},
		{"a setting that the program does not know", Errorf("%v and %v", own, key), "Config.Own and Config.Messages.Key", "Config.Own and FEED_KEY"},
		{"wrapped", Errorf("%v: %w", url, simple), "Config.Sources.URL: Config.Messages.Key is 3", "FEED_URL: FEED_KEY is 3"},
		{"wrapped without %w", Errorf("%v: %v", url, simple), "Config.Sources.URL: Config.Messages.Key is 3", "FEED_URL: FEED_KEY is 3"},
		{"joined", errors.Join(simple, io.EOF, simple), "Config.Messages.Key is 3\nEOF\nConfig.Messages.Key is 3", "FEED_KEY is 3\nEOF\nFEED_KEY is 3"},
		{"joined within", Errorf("all: %w", errors.Join(simple, io.EOF)), "all: Config.Messages.Key is 3\nEOF", "all: FEED_KEY is 3\nEOF"},
		{"fmt.Errorf", fmt.Errorf("at last: %w", simple), "at last: Config.Messages.Key is 3", "at last: FEED_KEY is 3"},
		{"fmt.Errorf of several", fmt.Errorf("%w, %w", io.EOF, io.EOF), "EOF, EOF", "EOF, EOF"},
		{"a wrapper that renders", fmt.Errorf("at last: %w", ours{simple}), "at last: ours, Config.Messages.Key is 3, ends", "at last: ours, FEED_KEY is 3, ends"},
		{"a wrapper with another text", opaque{simple}, "something else", "something else"},
	} {
		if got := tt.err.Error(); got != tt.plain {
			t.Errorf("%s: Error() is %q, want %q", tt.about, got, tt.plain)
		}
		if got := Namer(nil).Text(tt.err); got != tt.plain {
			t.Errorf("%s: without a Namer it reads %q, want %q", tt.about, got, tt.plain)
		}
		if got := Namer(variables).Text(tt.err); got != tt.named {
			t.Errorf("%s: with a Namer it reads %q, want %q", tt.about, got, tt.named)
		}
	}
}

func TestSprintf(t *testing.T) {
	if got := Namer(variables).Sprintf("%d%% of %v: %v", 5, key, Errorf("%v", url)); got != "5% of FEED_KEY: FEED_URL" {
		t.Errorf("got %q", got)
	}
}

func TestSetting(t *testing.T) {
	simple := Errorf("%v is %d", key, 3)
	for _, tt := range []struct {
		about string
		err   error
		want  Name
	}{
		{"nothing", nil, ""},
		{"another error", io.EOF, ""},
		{"one name", simple, key},
		{"the first of two", Errorf("%v %v", url, key), url},
		{"the own one before that of what is wrapped", Errorf("%w, %v", simple, url), url},
		{"that of what is wrapped", Errorf("source 2 of 3: %w", simple), key},
		{"joined", errors.Join(io.EOF, Errorf("none"), simple, Errorf("%v", url)), key},
		{"joined and wrapped", fmt.Errorf("at last: %w", errors.Join(io.EOF, simple)), key},
	} {
		if got := Of(tt.err); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.about, got, tt.want)
		}
	}
	e, ok := errors.AsType[*Error](errors.Join(io.EOF, fmt.Errorf("at last: %w", simple)))
	if !ok || e.Setting != key {
		t.Errorf("errors.AsType finds %v", e)
	}
	if !errors.Is(Errorf("%v: %w", key, io.EOF), io.EOF) {
		t.Error("what %w wraps is not found")
	}
}

func TestProblems(t *testing.T) {
	a, b, c := Errorf("%v", key), io.EOF, fmt.Errorf("%w, %w", io.EOF, io.EOF)
	if got := Problems(errors.Join(errors.Join(a, nil), errors.Join(b, errors.Join(c)))); !slices.Equal(got, []error{a, b, c}) {
		t.Errorf("got %q", got)
	}
	if got := Problems(nil); got != nil {
		t.Errorf("nil has the problems %q", got)
	}
}
