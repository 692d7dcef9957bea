//go:build unix

package e2e

import (
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"fantail/cmd/fantail/e2e/sourcetest"
	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/hub/peertest"
)

// TestSourcesAsProcesses runs the relay as a user does, with each example's
// settings exactly as they are, the host included: a proxy stands in for the
// internet. It is there for the wire, through a planned end; TestSources has the
// time that a protocol's pings take.
func TestSourcesAsProcesses(t *testing.T) {
	parallel(t)
	for _, p := range sourcetest.Protocols() {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			server := sourcetest.New(sourcetest.Config{Protocol: p, Every: 10 * time.Millisecond,
				Ends: []sourcetest.End{{After: time.Second, Planned: true}}})
			t.Cleanup(server.Close)
			r := startRelayProcess(t, append(envFile(t, p.Name), internet(t, server)...)...)
			client := subscribeAll(t, 1, r.Addr, "/ws?last=1000000")[0]
			peertest.Eventually(t, "the second connection", func() bool {
				sessions := server.Sessions()
				return len(sessions) == 2 && time.Since(sessions[1].Subscribed) > time.Second && !sessions[1].Subscribed.IsZero()
			})
			compareSent(t, client, server)
		})
	}
}

// internet returns the environment of a process that meets this server at every address.
func internet(t *testing.T, server *sourcetest.Server) []string {
	t.Helper()
	network, err := sourcetest.NewNetwork(server)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- network.Proxy(l) }() // ended by closing l
	t.Cleanup(func() {
		l.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	file := filepath.Join(t.TempDir(), "authority.pem")
	cmdtest.WriteFile(t, file, string(network.Certificate()))
	return []string{"HTTPS_PROXY=http://" + l.Addr().String(), "SSL_CERT_FILE=" + file, "SSL_CERT_DIR=" + t.TempDir()}
}

// compareSent compares the messages of a client that asked for all with the messages that
// the server has sent by now.
func compareSent(t *testing.T, client *subscriber, server *sourcetest.Server) {
	t.Helper()
	want := server.Sent()
	var got []string
	client.conn.SetReadDeadline(time.Now().Add(peertest.Patience))
	for len(got) == 0 || got[len(got)-1] != want[len(want)-1] {
		message, err := client.message()
		if err != nil {
			t.Fatalf("after %d of %d messages: %v", len(got), len(want), err)
		}
		got = append(got, string(message))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %d messages, want %d", len(got), len(want))
	}
	for _, err := range server.Breaches() {
		t.Errorf("the relay broke a rule: %v", err)
	}
}
