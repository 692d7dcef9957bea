package config

import (
	"strings"
	"testing"

	"fantail/cmd/fantail/internal/cmdtest"
)

func TestEnvironmentIsComplete(t *testing.T) {
	seen := map[string]bool{}
	basics := 0
	for i, v := range new(Environment).Variables() {
		if !strings.HasPrefix(v.Name, Prefix) || v.About == "" || seen[v.Name] {
			t.Errorf("%+v wants a name of its own and a description", v)
		}
		if v.Basic {
			basics++
			if i != basics-1 {
				t.Errorf("%s: a basic behind the others", v.Name)
			}
		}
		seen[v.Name] = true
	}
	if basics != 10 {
		t.Errorf("%d basics, want 10", basics)
	}
}

func TestEnvironmentValues(t *testing.T) {
	cmdtest.Setenv(t, "FANTAIL_LISTEN= :1 \r", "FANTAIL_RING_BYTES=", "FANTAIL_SOURCE_URL=", "FANTAIL_SOURCE_KEY='a b'", "FANTAIL_SNAPSHOT=''", "FANTAIL_SLOW_POLICY='", "FANTAIL_UPLINK='a")
	e := ReadEnvironment()
	for _, tt := range []struct{ what, got, want string }{
		{"trimmed", e.Listen, ":1"},
		{"empty has its default", e.RingBytes, "128MiB"},
		{"empty source stays empty", e.SourceURL, ""},
		{"quotes are taken off", e.SourceKey, "a b"},
		{"quotes around nothing", e.Snapshot, "none"},
		{"one quote is no pair", e.SlowPolicy, "'"},
		{"nor is one at the front", e.Uplink, "'a"},
		{"unset has its default", e.StallTimeout, "10s"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.what, tt.got, tt.want)
		}
	}
}

func TestEnvironmentIgnoresUnprefixedNames(t *testing.T) {
	cmdtest.Setenv(t, "LISTEN=:1", "SOURCE_URL=ws://wrong/", "LOG_LEVEL=debug")
	if e := ReadEnvironment(); e.Listen != ":8080" || e.SourceURL != "demo:" || e.LogLevel != "info" {
		t.Errorf("took over a variable of somebody else: %+v", e)
	}
}
