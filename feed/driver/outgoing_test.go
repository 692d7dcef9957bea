package driver

import (
	"testing"
	"testing/synctest"
	"time"

	"fantail/hub"
)

// TestUplinkWaits pins how long a message waits, and what its sender is told.
func TestUplinkWaits(t *testing.T) {
	full := func(u *Outgoing) {
		for range outgoingRoom {
			u.queue <- new(Pending)
		}
	}
	for _, c := range []struct {
		about string
		given func(*Outgoing)
		took  time.Duration
		err   error
	}{
		{"nobody takes", func(*Outgoing) {}, OutgoingWait, ErrAway},
		{"the connection is busy", func(u *Outgoing) { u.Join() }, OutgoingWait, ErrBusy},
		{"the queue is full", func(u *Outgoing) { u.Join(); full(u) }, 0, ErrBusy},
		{"full, and nobody takes", full, 0, ErrAway},
		{"Run has ended", (*Outgoing).End, 0, ErrAway},
		{"taken late", func(u *Outgoing) {
			time.AfterFunc(time.Second, func() { m := <-u.queue; m.take(); m.done <- nil })
		}, time.Second, nil},
		{"taken, but not yet sent", func(u *Outgoing) {
			time.AfterFunc(time.Second, func() { m := <-u.queue; m.take() })
		}, OutgoingWait, nil},
		{"given back, and taken by another", func(u *Outgoing) {
			time.AfterFunc(time.Second/2, func() { u.giveBack(<-u.queue) })
			time.AfterFunc(time.Second, func() { m := <-u.queue; m.take(); m.done <- nil })
		}, time.Second, nil},
	} {
		t.Run(c.about, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u := NewOutgoing()
				c.given(u)
				began := time.Now()
				if err := u.Send(hub.Text, []byte("x")); err != c.err || time.Since(began) != c.took {
					t.Errorf("%v after %v, want %v after %v", err, time.Since(began), c.err, c.took)
				}
			})
		})
	}
}

// TestSendAfterItsSenderGaveUp: what was taken back is never sent.
func TestSendAfterItsSenderGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := NewOutgoing()
		u.Send(hub.Text, []byte("late"))
		if m := <-u.queue; m.take() || m.payload != nil {
			t.Errorf("still to be had: %q", m.payload)
		}
	})
}
