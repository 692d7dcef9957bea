//go:build unix

package feed

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"fantail/feed/brokertest"
	"fantail/hub/nettest"
)

// certificateFiles writes a certificate of 127.0.0.1 and its key, and returns what
// trusts it.
func certificateFiles(t *testing.T) (cert, key string, trust *tls.Config) {
	t.Helper()
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	pair, dir := srv.TLS.Certificates[0], t.TempDir()
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, bytes []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	trust = &tls.Config{RootCAs: x509.NewCertPool()}
	trust.RootCAs.AddCert(srv.Certificate())
	return write("cert.pem", "CERTIFICATE", pair.Certificate[0]), write("key.pem", "PRIVATE KEY", der), trust
}

// overTLS checks that a URL works with the authority that signed the broker's
// certificate, and not without.
func overTLS(t *testing.T, url string, trust *tls.Config) {
	t.Helper()
	good := start(t, Config{Sources: Sources{URL: url}, Dialling: Dialling{TLS: trust}})
	good.log.Wait(t, "source is connected")
	bad := start(t, Config{Sources: Sources{URL: url}})
	bad.log.Wait(t, "source is away", `"reason":"tls"`, "authority")
}

func TestRedisOverTLS(t *testing.T) {
	cert, key, trust := certificateFiles(t)
	addr := nettest.FreeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	brokertest.Redis(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert, "--tls-auth-clients", "no")
	overTLS(t, "rediss://"+addr+"?subscribe=a", trust)
}

func TestNATSOverTLS(t *testing.T) {
	cert, key, trust := certificateFiles(t)
	server := brokertest.NATS(t, `tls { cert_file: "`+cert+`", key_file: "`+key+`" }`)
	overTLS(t, "tls+nats://"+server.Addr+"?subject=a", trust)
}

func TestAMQPOverTLS(t *testing.T) {
	cert, key, trust := certificateFiles(t)
	addr := nettest.FreeAddr(t)
	brokertest.RabbitMQ(t, "listeners.ssl.1 = "+addr+"\nssl_options.certfile = "+cert+"\nssl_options.keyfile = "+key+"\nssl_options.verify = verify_none\n")
	overTLS(t, "amqps://"+addr+"?exchange=amq.topic", trust)
}
