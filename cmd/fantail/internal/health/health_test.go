package health

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/cmd/fantail/internal/config"
)

func TestHealthTarget(t *testing.T) {
	tests := []struct {
		listen     string
		tls        bool
		want       string
		skipVerify bool
	}{
		{":8080", false, "http://127.0.0.1:8080/healthz", false},
		{"0.0.0.0:80", false, "http://127.0.0.1:80/healthz", false},
		{"[::]:80", false, "http://[::1]:80/healthz", false},
		{"10.0.0.1:80", false, "http://10.0.0.1:80/healthz", false},
		{":443", true, "https://127.0.0.1:443/healthz", true},
		{"[::]:443", true, "https://[::1]:443/healthz", true},
		{"localhost:443", true, "https://localhost:443/healthz", true},
		{"10.0.0.1:443", true, "https://10.0.0.1:443/healthz", false},
		{"relay.example:443", true, "https://relay.example:443/healthz", false},
	}
	for _, tt := range tests {
		listen := config.Listen{Public: tt.listen}
		if tt.tls {
			listen.Cert = "tls.crt"
		}
		got, client, err := healthTarget(listen)
		if err != nil || got != tt.want || client.Timeout != healthTimeout {
			t.Errorf("%s: %s, %v; want %s", tt.listen, got, err, tt.want)
		}
		conf := client.Transport.(*http.Transport).TLSClientConfig
		if skips := conf != nil && conf.InsecureSkipVerify; skips != tt.skipVerify {
			t.Errorf("%s: skips the certificate's verification: %v", tt.listen, skips)
		}
	}
	if _, _, err := healthTarget(config.Listen{Public: "127.0.0.1:0"}); err == nil || !strings.Contains(err.Error(), "give it a port") {
		t.Errorf("port 0: %v", err)
	}
}

func TestHealthCommand(t *testing.T) {
	status := http.StatusOK
	relay := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			t.Errorf("asked for %s", r.URL)
		}
		w.WriteHeader(status)
	})
	plain, secure := httptest.NewServer(relay), httptest.NewTLSServer(relay)
	defer plain.Close()
	defer secure.Close()
	gone := httptest.NewServer(relay)
	gone.Close()
	tests := []struct {
		name   string
		server *httptest.Server
		env    []string
		status int
		code   int
		want   string
	}{
		{"alive", plain, nil, 200, 0, "healthy: http://127.0.0.1:"},
		{"alive behind TLS", secure, []string{"FANTAIL_TLS_CERT=tls.crt"}, 200, 0, "healthy: https://127.0.0.1:"},
		{"other variables do not matter", plain, []string{"FANTAIL_SOURCE_URL=", "FANTAIL_RING_BYTES=x"}, 200, 0, "healthy"},
		{"ill", plain, nil, 503, 1, "/healthz answered 503 Service Unavailable"},
		{"gone", gone, nil, 200, 1, "is the relay running with this FANTAIL_LISTEN?"},
		{"no TLS where some is expected", plain, []string{"FANTAIL_TLS_CERT=tls.crt"}, 200, 1, "unhealthy: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status = tt.status
			cmdtest.Setenv(t, append(tt.env, "FANTAIL_LISTEN="+tt.server.Listener.Addr().String())...)
			code, out, errs := cmdtest.Run(t, Command())
			if text := out + errs; code != tt.code || !strings.Contains(text, tt.want) || strings.Count(text, "\n") != 1 {
				t.Errorf("exit code %d, %q; want %d and one line with %q", code, text, tt.code, tt.want)
			}
		})
	}
}

func TestHealthNeedsAnAddress(t *testing.T) {
	cmdtest.Setenv(t, "FANTAIL_LISTEN=8080")
	if code, _, errs := cmdtest.Run(t, Command()); code != 2 || !strings.Contains(errs, "FANTAIL_LISTEN=8080: not an address") {
		t.Errorf("exit code %d, %q", code, errs)
	}
}
