//go:build unix

package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"fantail/hub/peertest"
)

// visitor is a client of a room that comes back whenever its connection ends, at
// the position that it was told last.
type visitor struct {
	site *chatSite
	kind visitorKind
	room string

	at       string // after its last message
	next     int    // number of the message that it lacks
	over     bool   // the room's last message has come
	sessions int
}

type visitorKind int

const (
	visitsRaw visitorKind = iota
	visitsByEnvelopes
	visitsBySSE
)

func (k visitorKind) String() string { return [...]string{"raw", "envelopes", "SSE"}[k] }

// read follows the room to its last message, over as many connections as it
// takes; there is always a relay to be found. An error is a broken promise of the relay.
func (c *visitor) read() error {
	for !c.over {
		connect := c.webSocket
		if c.kind == visitsBySSE {
			connect = c.events
		}
		c.sessions++
		if err := connect(); err != nil {
			return fmt.Errorf("%v client of %s, message %d, connection %d: %w", c.kind, c.room, c.next, c.sessions, err)
		}
	}
	return nil
}

func (c *visitor) path(transport string) string {
	path := "/rooms/" + transport + "?key=" + c.room
	if c.at != "" {
		path += "&since=" + c.at
	}
	return path
}

// webSocket follows one WebSocket to its end.
func (c *visitor) webSocket() error {
	var lines string
	if c.kind == visitsByEnvelopes {
		lines = "Sec-WebSocket-Protocol: fantail.v1\r\n"
	}
	s, err := openSubscriberWith(c.site.addr, c.path("ws"), lines, 8<<10)
	if err != nil {
		return err
	}
	defer s.conn.Close()
	if c.at == "" {
		c.at = s.position
	}
	for !c.over {
		s.conn.SetReadDeadline(time.Now().Add(peertest.Patience))
		op, payload, err := s.frame()
		late, _ := errors.AsType[net.Error](err)
		switch {
		case late != nil && late.Timeout():
			return err
		case err != nil: // cut
			return nil
		case op == 9:
			s.answer(10, payload)
		case op == 8:
			s.answer(8, payload[:2])
			return c.closed(string(payload[2:]))
		default:
			if err := c.take(string(payload)); err != nil {
				return err
			}
		}
	}
	return nil
}

// closed takes the position of a close frame.
func (c *visitor) closed(reason string) error {
	if at, ok := strings.CutPrefix(reason, "draining; resume="); ok {
		c.at = at
		return nil
	}
	return fmt.Errorf("closed with %q", reason)
}

// events follows one stream of Server-Sent Events to its end.
func (c *visitor) events() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+c.site.addr+c.path("sse"), nil)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 {
		return fmt.Errorf("answered %s", resp.Status)
	}
	alarm := time.AfterFunc(peertest.Patience, cancel)
	defer alarm.Stop()
	for lines, id := bufio.NewScanner(resp.Body), ""; !c.over && lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			id = text
		}
		text, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		if err := c.take(text); err != nil {
			return err
		}
		c.at = id // all events of this feed are one line of data, so this one is whole
		alarm.Reset(peertest.Patience)
	}
	return ctx.Err()
}

var (
	chatPosition = regexp.MustCompile(`^{(?:"notice":"\w+",)?"pos":"([^"]+)"`)
	chatNotice   = regexp.MustCompile(`^{"notice":"(\w+)"`)
	chatMessage  = regexp.MustCompile(`{"room":"(\w+)","n":"(\w+)"}`)
)

// take books a message, which has to be the next, or a notice, which may be no
// gap.
func (c *visitor) take(text string) error {
	if at := chatPosition.FindStringSubmatch(text); at != nil {
		c.at = at[1]
	}
	if notice := chatNotice.FindStringSubmatch(text); notice != nil {
		if notice[1] == "gap" {
			return fmt.Errorf("told %s", text)
		}
		return nil
	}
	found := chatMessage.FindStringSubmatch(text)
	switch {
	case found == nil || found[1] != c.room:
		return fmt.Errorf("got %s", text)
	case found[2] == "end":
		c.over = true
		return nil
	case found[2] != strconv.Itoa(c.next):
		return fmt.Errorf("got %s, want message %d", text, c.next)
	}
	c.next++
	return nil
}
