package serve

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/cmd/fantail/internal/config"
	"fantail/feed"
	"fantail/feed/driver"
	"fantail/hub"
)

// TestServeWithinTheProcess: two relays at work in one process, on listeners that
// are handed in, end without a trace.
func TestServeWithinTheProcess(t *testing.T) {
	cmdtest.Setenv(t, "FANTAIL_DRAIN_WINDOW=0")
	c, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var listeners []net.Listener
		for range 2 {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			listeners = append(listeners, l)
		}
		ctx, stop := context.WithCancel(t.Context())
		var out bytes.Buffer // written before the first answer
		ended := make(chan error, 1)
		go func() { // ended by stop
			ended <- Run(ctx, c, Options{Public: listeners[0], Admin: listeners[1], Log: zerolog.Nop(), Out: &out})
		}()
		public, admin := listeners[0].Addr().String(), listeners[1].Addr().String()
		for url, want := range map[string]string{"http://" + public + "/healthz": "ok", "http://" + admin + "/metrics": "fantail_clients"} {
			resp, err := http.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || !strings.Contains(string(text), want) {
				t.Errorf("%s: %q, %v", url, text, err)
			}
		}
		http.DefaultClient.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if !strings.Contains(out.String(), "ws://"+public+"/ws") {
			t.Errorf("the banner is %q", out.String())
		}
		if c, err := net.DialTimeout("tcp", public, time.Second); err == nil {
			c.Close()
			t.Error("it still listens")
		}
	}
}

// TestServeClosesItsListeners: Run closes its listeners also when it fails.
func TestServeClosesItsListeners(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := config.Config{Feed: feed.Config{Sources: feed.Sources{URL: "gopher:"}}}
	if err := Run(t.Context(), c, Options{Public: l, Log: zerolog.Nop()}); err == nil {
		t.Error("served an unknown source")
	}
	if _, err := l.Accept(); err == nil {
		t.Error("it still listens")
	}
}

// The operator reads which variables to change when the source takes too little.
func TestBusySourceNamesVariables(t *testing.T) {
	send := forward(func(hub.Kind, []byte) error { return driver.ErrBusy })
	err := send(hub.Text, nil)
	if !errors.Is(err, driver.ErrBusy) {
		t.Errorf("%v", err)
	}
	for _, variable := range []string{"raise FANTAIL_SOURCE_SEND_RATE", "lower FANTAIL_UPLINK_RATE"} {
		if text := config.Names.Text(err); !strings.Contains(text, variable) {
			t.Errorf("%q does not say %q", text, variable)
		}
	}
	send = forward(func(hub.Kind, []byte) error { return driver.ErrAway })
	if err := send(hub.Text, nil); err != driver.ErrAway {
		t.Errorf("%v", err)
	}
}
