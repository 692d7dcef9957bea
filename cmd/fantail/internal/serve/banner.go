package serve

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

// printBanner prints where the feed is, how to look at it, and what to do next.
func (s *service) printBanner(out io.Writer) {
	scheme, demo := "ws", strings.HasPrefix(s.config.Feed.Sources.URL, "demo:")
	if s.config.Listen.TLS() {
		scheme = "wss"
	}
	feed := scheme + "://" + dialable(s.public) + "/ws"
	if demo {
		fmt.Fprintf(out, "This is demo data: a made-up market whose messages say \"demo\":true. No real prices.\n\n")
	}
	fmt.Fprintf(out, "  feed     %s\n  watch    %s tail %s\n  metrics  http://%s/metrics\n", feed, howToRun(), feed, dialable(s.admin))
	if demo {
		fmt.Fprintf(out, "\nNext, a real source:\n  FANTAIL_SOURCE_URL=wss://stream.binance.com:9443/ws/btcusdt@trade %s\n", howToRun())
	}
	fmt.Fprintln(out)
}

// dialable returns the address to dial for the address of a listener.
func dialable(a net.Addr) string {
	host, port, _ := net.SplitHostPort(a.String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// howToRun returns the command by which this program was called, so that it can be typed
// again: "go run" puts the program into a temporary directory.
func howToRun() string {
	if strings.Contains(os.Args[0], "go-build") {
		return "go run ./cmd/fantail"
	}
	return os.Args[0]
}
