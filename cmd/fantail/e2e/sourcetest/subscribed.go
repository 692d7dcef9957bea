package sourcetest

import (
	"strconv"
	"strings"
	"time"

	"fantail/hub/websocket"
)

// subscribed begins the feed, after the right conversation.
func (n *session) subscribed() error {
	n.schedule.cancel("within")
	n.srv.subscribe(n, n.query)
	for i := range n.p.Needs {
		n.need(i)
	}
	for i, b := range n.p.Beats {
		n.beat(i, b, 0)
	}
	if n.number < len(n.srv.cfg.Ends) {
		end := n.srv.cfg.Ends[n.number]
		do := n.cut
		if end.Planned {
			do = n.bye
		}
		n.schedule.set("end", time.Now().Add(end.After), do)
	}
	return nil
}

// need gives the subscriber another interval for a frame that it must send.
func (n *session) need(i int) {
	need := n.p.Needs[i]
	n.schedule.set("need "+strconv.Itoa(i), time.Now().Add(need.Every), func() error {
		return breach("%s was not said for %v", need.Hears, need.Every)
	})
}

// beat sends a frame in each interval, and wants the answer if there is one.
func (n *session) beat(i int, b Beat, count int) {
	n.schedule.set("beat "+strconv.Itoa(i), time.Now().Add(b.Every), func() error {
		n.beat(i, b, count+1)
		number := strconv.Itoa(count)
		if want := strings.ReplaceAll(b.Answer, "{n}", number); want != "" {
			n.schedule.set("wants "+want, time.Now().Add(b.Within), func() error {
				return breach("%q was not answered with %q within %v", b.Frame, want, b.Within)
			})
		}
		return n.say(strings.ReplaceAll(b.Frame, "{n}", number))
	})
}

// ping sends a WebSocket ping and wants the pong.
func (n *session) ping() error {
	n.schedule.set("ping", time.Now().Add(n.p.Ping.Every), n.ping)
	if _, waits := n.schedule.entries["pong"]; !waits {
		n.schedule.set("pong", time.Now().Add(n.p.Ping.Within), func() error {
			return breach("no pong came within %v", n.p.Ping.Within)
		})
	}
	return n.write(websocket.OpPing, "")
}

// bye announces the end if this feed does so, and ends the session later.
func (n *session) bye() error {
	if err := n.finish(); err != nil {
		return err
	}
	if len(n.p.Bye) == 0 {
		n.close(1001, "going away")
		return ErrPlanned
	}
	n.schedule.set("bye", time.Now().Add(n.p.Grace), func() error {
		n.close(1001, "going away")
		return ErrPlanned
	})
	return n.say(n.p.Bye...)
}

// cut ends the session without a close frame, as a dying server does.
func (n *session) cut() error {
	if err := n.finish(); err != nil {
		return err
	}
	return ErrCut
}

// finish sends the last messages, so that every message that counts as sent was sent.
func (n *session) finish() error {
	n.srv.unsubscribe(n)
	return n.flush()
}
