package main

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
	"time"
)

// patience bounds a wait for what has to come, however busy the machine is: it is
// there to end a test that has failed.
const patience = 60 * time.Second

// freePort returns an address of the loopback that nobody listens at, and that
// stays free until the test takes it: its port is below those that systems give
// to whoever asks for any, or dials.
func freePort(t testing.TB) string {
	t.Helper()
	const first, last = 20_000, 32_000
	for range 1000 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(first+rand.IntN(last-first)))
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	t.Fatal("no port is free")
	return ""
}
