package dial

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"fantail/feed/driver"
	"fantail/feed/internal/redact"
)

// Trace returns a context under which the steps of the HTTP client's dialling are reported with
// driver.Report. It calls naming with true when the resolving of a name begins, and with false when it
// is done, from any goroutine.
func Trace(ctx context.Context, naming func(bool)) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { naming(true) },
		DNSDone: func(info httptrace.DNSDoneInfo) {
			if info.Err == nil {
				naming(false)
				driver.Report(ctx, driver.Step{Kind: driver.StepName, Detail: addresses(info.Addrs)})
			}
		},
		ConnectDone: func(_, addr string, err error) {
			if err == nil {
				driver.Report(ctx, driver.Step{Kind: driver.StepTCP, Detail: "connected to " + addr})
			}
		},
		TLSHandshakeDone: func(state tls.ConnectionState, err error) {
			if err == nil {
				driver.Report(ctx, Certificate(state, time.Now()))
			}
		},
	})
}

func addresses(all []net.IPAddr) string {
	var list []string
	for _, a := range all {
		list = append(list, a.String())
	}
	return "resolved to " + strings.Join(list, ", ")
}

// Certificate describes a TLS connection and the end of its certificate.
func Certificate(state tls.ConnectionState, now time.Time) driver.Step {
	s := driver.Step{Kind: driver.StepTLS, Detail: tls.VersionName(state.Version)}
	if len(state.PeerCertificates) > 0 {
		leaf := state.PeerCertificates[0]
		names := append(append([]string(nil), leaf.DNSNames...), addressesOf(leaf.IPAddresses)...)
		if len(names) > 3 {
			names = append(names[:3], "…")
		}
		s.Expires = leaf.NotAfter
		s.Detail += fmt.Sprintf(", certificate for %s, %d days left", redact.Clean(strings.Join(names, ", ")), int(leaf.NotAfter.Sub(now).Hours()/24))
	}
	return s
}

func addressesOf(all []net.IP) []string {
	var list []string
	for _, ip := range all {
		list = append(list, ip.String())
	}
	return list
}

// ReportProxy reports the proxy that net/http will use for an http or https URL, if the environment
// names one.
func ReportProxy(ctx context.Context, address string) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return
	}
	if via, err := http.ProxyFromEnvironment(&http.Request{URL: u}); err == nil && via != nil {
		driver.Report(ctx, driver.Step{Kind: driver.StepProxy, Detail: "through " + via.Host + ", as HTTP_PROXY or HTTPS_PROXY says"})
	}
}
