package broker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"

	"fantail/feed/driver"
	"fantail/hub"
)

func TestParseBroker(t *testing.T) {
	u, err := parseBroker("AMQPS://user:p%40ss@host/a%2Fb?exchange=x&bind=1&bind=2", "5671")
	if err != nil || u.Scheme != "amqps" || u.Address != "host:5671" || u.User != "user" || u.Password != "p@ss" || u.Path != "a/b" {
		t.Errorf("got %+v, %v", u, err)
	}
	if bind, err := u.Query.All("bind"); err != nil || fmt.Sprint(bind) != "[1 2]" {
		t.Errorf("got %v, %v", bind, err)
	}
	if u, err := parseBroker("redis://[::1]:7000", "6379"); err != nil || u.Address != "[::1]:7000" {
		t.Errorf("got %+v, %v", u, err)
	}
}

func TestInputOfBroker(t *testing.T) {
	for _, c := range []struct {
		name, payload string
		kind          hub.Kind
		key           string
		drop          bool
	}{
		{"a", "text", hub.Text, "a", false},
		{"a", "\xff", hub.Binary, "a", false},
		{"\xff", "", hub.Text, "", false},
		{strings.Repeat("k", hub.MaxKey+1), "x", hub.Text, "", false},
		{"a", "123456789", 0, "", true},
	} {
		ev := (&Messages{Most: 8}).Event(c.name, []byte(c.payload), 0)
		in, drop := ev.Message, ev.Kind == driver.KindDropped && ev.Drop == driver.DropTooLarge
		if drop != c.drop || !drop && (in.Kind != c.kind || in.Key != c.key || string(in.Payload) != c.payload) {
			t.Errorf("%.10q %q: got %+v", c.name, c.payload, ev)
		}
	}
}

func TestNamesOnDemand(t *testing.T) {
	n, err := NewNames([]string{"news", "user:{key}", "{key}/in"})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(n.Of([]string{"al", "bo"})); got != "[user:al al/in user:bo bo/in]" {
		t.Error(got)
	}
	for name, want := range map[string]string{"news": "news", "user:al": "al", "al/in": "al", "user:": "user:", "x": "x"} {
		if got := n.Key(name); got != want {
			t.Errorf("%s has the key %q, want %q", name, got, want)
		}
	}
}

func TestExplainBroker(t *testing.T) {
	for err, want := range map[error]driver.Reason{
		io.EOF: driver.ReasonHandshake, syscall.ECONNRESET: driver.ReasonHandshake, context.DeadlineExceeded: driver.ReasonHandshake, syscall.ECONNREFUSED: driver.ReasonDial,
	} {
		if f := Explain(fmt.Errorf("library: %w", err)); f.Reason != want {
			t.Errorf("%v: %v, %v", err, f.Reason, f)
		}
	}
	for _, err := range []error{io.EOF, context.DeadlineExceeded, tls.RecordHeaderError{}, errors.New("tls: handshake failure")} {
		if f := explainTLS(err); f.Reason != driver.ReasonTLS {
			t.Errorf("%v: %v, %v", err, f.Reason, f)
		}
	}
}
