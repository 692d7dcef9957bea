//go:build unix

package brokertest

import (
	"errors"
	"net"
	"os/exec"
	"testing"
)

// TestAnotherAddressIsTried: a broker that ends at once, as one does whose port was
// taken, is started at another address.
func TestAnotherAddressIsTried(t *testing.T) {
	var at []string
	s := start(t, &Server{
		command: func(addr string) *exec.Cmd {
			at = append(at, addr)
			return exec.Command("sh", "-c", "test "+addr+" != "+at[0]+" && exec sleep 1000")
		},
		ready: func(addr string) error {
			if addr == at[0] {
				return errors.New("taken")
			}
			return nil
		},
	})
	if len(at) != 2 || s.Addr != at[1] {
		t.Errorf("started at %v, runs at %s", at, s.Addr)
	}
	if _, _, err := net.SplitHostPort(s.Addr); err != nil {
		t.Error(err)
	}
}
