//go:build unix

package feedrun

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fantail/feed"
	"fantail/feed/brokertest"
	"fantail/feed/driver"
	"fantail/feed/internal/broker"
	"fantail/feed/internal/feedtest"
	"fantail/hub"
	"fantail/hub/peertest"
)

// CertificateFiles writes a certificate of 127.0.0.1 and its key, and returns what
// trusts it.
func CertificateFiles(t *testing.T) (cert, key string, trust *tls.Config) {
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

// OverTLS checks that a URL works with the authority that signed the broker's
// certificate, and not without.
func OverTLS(t *testing.T, url string, trust *tls.Config) {
	t.Helper()
	good := Start(t, feed.Config{Sources: feed.Sources{URL: url}, Dialling: feed.Dialling{TLS: trust}})
	good.Log.Wait(t, "source is connected")
	bad := Start(t, feed.Config{Sources: feed.Sources{URL: url}})
	bad.Log.Wait(t, "source is away", `"reason":"tls"`, "authority")
}

// OnDemand drives a source on demand through a life: what is wanted from the
// start, what comes, what goes, and a broker that is killed. subscribed says
// whether the broker has a subscriber for a key.
func OnDemand(t *testing.T, server *brokertest.Server, url string, publish func(key, text string), subscribed func(key string) bool) {
	t.Helper()
	w := feedtest.NewWishes("alice")
	r := Start(t, feed.Config{Sources: feed.Sources{URL: url}, Demand: w})
	r.Log.Wait(t, "source is connected")
	publish("alice", "1")
	publish("bob", "not wanted")
	r.Sink.Wait(t, 1)
	w.Want(true, "bob")
	peertest.Eventually(t, "bob has a subscriber", func() bool { return subscribed("bob") })
	publish("bob", "2")
	r.Sink.Wait(t, 2)
	w.Want(false, "alice")
	peertest.Eventually(t, "alice has no subscriber", func() bool { return !subscribed("alice") })
	publish("alice", "not wanted any more")
	publish("bob", "3")
	r.Sink.Wait(t, 3)
	server.Kill()
	r.Log.Wait(t, "source is away")
	w.Want(true, "carol")
	server.Start()
	r.Log.Wait(t, "source is back")
	if subscribed("alice") || !subscribed("bob") || !subscribed("carol") {
		t.Errorf("after the restart alice %v, bob %v, carol %v", subscribed("alice"), subscribed("bob"), subscribed("carol"))
	}
	publish("carol", "4")
	r.Sink.Wait(t, 4)
	if got := fmt.Sprint(r.Sink.Payloads(), r.Sink.Keys); got != "[1 2 3 4] [alice bob bob carol]" {
		t.Errorf("got %s", got)
	}
}

// Converse has two feeds on one broker send to it, from several goroutines each,
// and holds both to hearing everything once, each sender's in order.
func Converse(t *testing.T, url string) {
	t.Helper()
	const senders, each = 4, 50
	var feeds [2]*Running
	for i := range feeds {
		feeds[i] = Start(t, feed.Config{Sources: feed.Sources{URL: url}, Sending: feed.Sending{Uplink: true}})
		feeds[i].EventuallyTakes(t, 1)
	}
	var wg sync.WaitGroup
	for f, r := range feeds {
		for s := range senders {
			wg.Go(func() {
				for n := range each {
					r.Deliver(t, hub.Text, fmt.Appendf(nil, "%d %d %d", f, s, n))
				}
			})
		}
	}
	wg.Wait()
	all := len(feeds) * senders * each
	for _, r := range feeds { // a slow broker may still be at the last
		r.Sink.Wait(t, all)
	}
	feeds[0].Deliver(t, hub.Binary, []byte("\xff\x00"))
	for _, r := range feeds {
		checkConversation(t, r.Sink.Wait(t, all+1))
	}
}

// Refused returns what the broker makes of a message. Send waits for its answer no
// longer than OutgoingWait; if that was too long for a busy machine, another message
// is sent.
func Refused(r *Running, payload []byte) error {
	for late := time.Now().Add(peertest.Patience); ; {
		began := time.Now()
		err := r.Send(hub.Text, payload)
		early := time.Since(began) < driver.OutgoingWait
		if early || err != nil && !errors.Is(err, driver.ErrBusy) || time.Now().After(late) {
			return err
		}
	}
}

func checkConversation(t *testing.T, got []feedtest.Message) {
	t.Helper()
	if last := got[len(got)-1]; last.Kind != hub.Binary || last.Payload != "\xff\x00" {
		t.Errorf("at the end came %v %q", last.Kind, last.Payload)
	}
	next := map[[2]int]int{}
	for _, m := range got[:len(got)-1] {
		var f, s, n int
		if _, err := fmt.Sscanf(m.Payload, "%d %d %d", &f, &s, &n); err != nil || n != next[[2]int{f, s}] {
			t.Fatalf("got %q, want number %d of that sender (%v)", m.Payload, next[[2]int{f, s}], err)
		}
		next[[2]int{f, s}]++
	}
}

// BackSoon holds a feed to its promise to be back within two seconds of its
// broker. The quickest return of several counts, as a busy machine may hold up any
// one of them.
func BackSoon(t *testing.T, server *brokertest.Server, r *Running) {
	t.Helper()
	connected := func() bool { return r.Stats().Connected }
	peertest.Eventually(t, "the source is back", connected)
	var took []time.Duration
	for range 5 {
		server.Kill()
		peertest.Eventually(t, "the source is away", func() bool { return !connected() })
		server.Start()
		began := time.Now()
		peertest.Eventually(t, "the source is back", connected)
		if took = append(took, time.Since(began)); took[len(took)-1] <= 2*time.Second {
			return
		}
	}
	t.Errorf("back %v after the broker", took)
}

// RetriesSoon checks that no wait between attempts to reach a broker was long.
func RetriesSoon(t *testing.T, r *Running) {
	t.Helper()
	waits := 0
	for line := range strings.Lines(r.Log.String()) {
		var wait struct {
			Ms *float64 `json:"retry_in"`
		}
		if err := json.Unmarshal([]byte(line), &wait); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if wait.Ms == nil {
			continue
		}
		if waits++; *wait.Ms > float64(broker.LongestWait.Milliseconds()+1) {
			t.Errorf("waits too long: %s", line)
		}
	}
	if waits == 0 {
		t.Error("there was no attempt")
	}
}
