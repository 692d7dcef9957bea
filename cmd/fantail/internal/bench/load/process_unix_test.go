//go:build unix

package load

import (
	"strings"
	"testing"
	"time"

	"fantail/hub/peertest"
)

func TestAllowFiles(t *testing.T) {
	if err := allowFiles(1); err != nil {
		t.Error(err)
	}
	if err := allowFiles(1 << 40); err == nil || !strings.Contains(err.Error(), "ulimit -n 1099511627776") {
		t.Errorf("more than any system has: %v", err)
	}
	unlimited, least := int64(-1), uint64(3)
	raise(&unlimited, 5)
	raise(&least, 5)
	if unlimited != -1 || least != 5 {
		t.Errorf("raised to %d and %d", unlimited, least)
	}
}

func TestCPURises(t *testing.T) {
	first, ok := CPU()
	if !ok || first <= 0 {
		t.Fatal(first, ok)
	}
	for deadline := time.Now().Add(peertest.Patience); time.Now().Before(deadline); {
		if now, _ := CPU(); now > first {
			return
		}
	}
	t.Error("it stands still")
}
