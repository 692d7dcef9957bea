//go:build unix

package e2e

import (
	"crypto/tls"
	"encoding/pem"
	"path/filepath"
	"strings"
	"testing"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/hub"
	"fantail/hub/nettest"
	"fantail/hub/peertest"
)

func TestCheckTakesTheProxyFromTheEnvironment(t *testing.T) {
	parallel(t)
	proxy := nettest.FreeAddr(t)
	p := launch(t, "fantail", []string{"check"}, "FANTAIL_SOURCE_URL=ws://feed.invalid/", "HTTP_PROXY=http://user:pw@"+proxy, "NO_PROXY=")
	if code := p.exit(peertest.Patience); code != 1 {
		t.Errorf("exit code %d", code)
	}
	text := strings.Join(strings.Fields(p.text()), " ")
	for _, want := range []string{"ok proxy through " + proxy, "FAIL tcp no connection to the proxy that HTTP_PROXY", "NO_PROXY", proxy + ": connect"} {
		if !strings.Contains(text, want) || strings.Contains(text, "user") {
			t.Errorf("want %q in\n%s", want, p.text())
		}
	}
}

// TestCheckTLS has an authority of its own. The process takes it from a file, as an
// operator gives it.
func TestCheckTLS(t *testing.T) {
	parallel(t)
	addr := cmdtest.ServeSource(t, true, cmdtest.Chatter(hub.Text, "over TLS"))
	conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "roots.pem")
	leaf := conn.ConnectionState().PeerCertificates[0]
	cmdtest.WriteFile(t, file, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw})))
	conn.Close()
	var p *process
	var code int
	cmdtest.LongEnough(func(window string) bool {
		p = launch(t, "fantail", []string{"check", "-for", window}, "FANTAIL_SOURCE_URL=wss://"+addr, "SSL_CERT_FILE="+file)
		code = p.exit(peertest.Patience)
		return strings.Contains(p.text(), "over TLS")
	})
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"ok    tls        TLS 1.3, certificate for example.com", "over TLS", "The source is good."} {
		if !strings.Contains(p.text(), want) {
			t.Errorf("want %q in\n%s", want, p.text())
		}
	}
}
