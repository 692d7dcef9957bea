package config

import (
	"strings"
	"testing"
)

func TestUnknownVariables(t *testing.T) {
	tests := []struct{ entry, want string }{ // an empty want is no problem
		{"FANTAIL_LISTEN=:1", ""},
		{"PATH=/bin", ""},
		{"FANTAIL=1", ""},
		{"FANTAIL_RINGBYTES=1", "FANTAIL_RINGBYTES: no such variable; did you mean FANTAIL_RING_BYTES?"},
		{"FANTAIL_ALLOWED_ORIGIN=*", "FANTAIL_ALLOWED_ORIGIN: no such variable; did you mean FANTAIL_ALLOWED_ORIGINS?"},
		{"FANTAIL_QQQQ=geheim", "FANTAIL_QQQQ: no such variable; fantail -h lists all variables"},
		{"FANTAIL_=", "FANTAIL_: no such variable; fantail -h lists all variables"},
		// The variables that Kubernetes injects for a service fantail, and one
		// fantail-admin.
		{"FANTAIL_SERVICE_HOST=10.0.0.1", ""},
		{"FANTAIL_SERVICE_PORT=80", ""},
		{"FANTAIL_SERVICE_PORT_HTTP=80", ""},
		{"FANTAIL_PORT=tcp://10.0.0.1:80", ""},
		{"FANTAIL_PORT_80_TCP=tcp://10.0.0.1:80", ""},
		{"FANTAIL_PORT_80_TCP_PROTO=tcp", ""},
		{"FANTAIL_PORT_80_TCP_PORT=80", ""},
		{"FANTAIL_PORT_80_UDP_ADDR=10.0.0.1", ""},
		{"FANTAIL_ADMIN_SERVICE_HOST=10.0.0.1", ""},
		{"FANTAIL_ADMIN_PORT=udp://10.0.0.1:80", ""},
		{"FANTAIL_PORT=8080", "FANTAIL_PORT: no such variable"},
		{"FANTAIL_PORT_80_HTTP=x", "FANTAIL_PORT_80_HTTP: no such variable"},
		{"FANTAIL_SERVICE=x", "FANTAIL_SERVICE: no such variable"},
	}
	for _, tt := range tests {
		p := newParser(nil)
		p.rejectUnknown([]string{tt.entry})
		switch {
		case tt.want == "" && len(p.problems) > 0:
			t.Errorf("%s: %q, want no problem", tt.entry, p.problems)
		case tt.want != "" && (len(p.problems) != 1 || !strings.HasPrefix(p.problems[0].Error(), tt.want)):
			t.Errorf("%s: %q, want %s", tt.entry, p.problems, tt.want)
		}
	}
}

// FuzzUnknownVariables holds that only our prefix is ever complained of, in one
// line without the value.
func FuzzUnknownVariables(f *testing.F) {
	f.Add("FANTAIL_X", "v")
	f.Add("FANTAIL_PORT", "tcp://")
	f.Fuzz(func(t *testing.T, name, value string) {
		const secret = "\x01value\x01"
		p := newParser(nil)
		p.rejectUnknown([]string{name + "=" + value + secret})
		if len(p.problems) == 0 {
			return
		}
		line := p.problems[0].Error()
		if !strings.HasPrefix(name, Prefix) || len(p.problems) > 1 || strings.ContainsAny(line, "\r\n") || strings.Contains(line, "value\x01") {
			t.Errorf("%q: %q", name, p.problems)
		}
	})
}
