package config

import (
	"slices"
	"strings"
	"testing"

	"fantail/cmd/fantail/internal/cmdtest"
)

func TestVariablesAreComplete(t *testing.T) {
	seen := map[string]bool{}
	fields := map[any]bool{}
	for _, v := range Variables() {
		if !strings.HasPrefix(v.Name, Prefix) || v.About == "" || v.set == nil || seen[v.Name] || fields[v.field] {
			t.Errorf("%s wants a name and a field of its own and a description", v.Name)
		}
		seen[v.Name], fields[v.field] = true, true
	}
	if n := len(Basics()); n != 10 || n+len(Details()) != len(seen) {
		t.Errorf("%d basics, want 10", n)
	}
	for _, s := range sections {
		if s.Name == "" || s.Title == "" || strings.Contains(s.Name, " ") || !slices.ContainsFunc(Variables(), func(v Variable) bool { return v.Section.Name == s.Name }) {
			t.Errorf("section %q wants one word, a title and variables", s.Name)
		}
	}
}

func TestEnvironmentValues(t *testing.T) {
	cmdtest.Setenv(t, "FANTAIL_LISTEN= :1 \r", "FANTAIL_RING_BYTES=", "FANTAIL_SOURCE_URL=", "FANTAIL_SOURCE_KEY='a b'", "FANTAIL_SNAPSHOT=''", "FANTAIL_SLOW_POLICY='", "FANTAIL_UPLINK='a")
	for _, tt := range []struct{ what, name, want string }{
		{"trimmed", "FANTAIL_LISTEN", ":1"},
		{"empty has its default", "FANTAIL_RING_BYTES", "128MiB"},
		{"empty source stays empty", "FANTAIL_SOURCE_URL", ""},
		{"quotes are taken off", "FANTAIL_SOURCE_KEY", "a b"},
		{"quotes around nothing", "FANTAIL_SNAPSHOT", "none"},
		{"one quote is no pair", "FANTAIL_SLOW_POLICY", "'"},
		{"nor is one at the front", "FANTAIL_UPLINK", "'a"},
		{"unset has its default", "FANTAIL_STALL_TIMEOUT", "10s"},
	} {
		if got := textOf(t, tt.name); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.what, got, tt.want)
		}
	}
}

// textOf returns a variable's text in this process's environment.
func textOf(t *testing.T, name string) string {
	t.Helper()
	all := Variables()
	i := slices.IndexFunc(all, func(v Variable) bool { return v.Name == name })
	if i < 0 {
		t.Fatalf("there is no variable %s", name)
	}
	return ReadEnvironment().Text(all[i])
}

func TestEnvironmentIgnoresUnprefixedNames(t *testing.T) {
	cmdtest.Setenv(t, "LISTEN=:1", "SOURCE_URL=ws://wrong/", "LOG_LEVEL=debug")
	for name, want := range map[string]string{"FANTAIL_LISTEN": ":8080", "FANTAIL_SOURCE_URL": "demo:", "FANTAIL_LOG_LEVEL": "info"} {
		if got := textOf(t, name); got != want {
			t.Errorf("took over a variable of somebody else: %s is %q", name, got)
		}
	}
}
