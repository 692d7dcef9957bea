package leaktest

import (
	"strings"
	"testing"
	"time"

	"fantail/hub/peertest"
)

func TestMain(m *testing.M) { Main(m) }

func TestFind(t *testing.T) {
	end := make(chan struct{})
	go func() { <-end }() // ended below
	if err := find(time.Millisecond); err == nil || !strings.Contains(err.Error(), "TestFind") {
		t.Errorf("a goroutine that stays: %v", err)
	}
	time.AfterFunc(time.Second, func() { close(end) })
	if err := find(peertest.Patience); err != nil {
		t.Errorf("a goroutine that ends: %v", err)
	}
}
