package sourcetest

import (
	"strconv"
	"strings"
	"time"

	"fantail/hub/websocket"
)

// begin schedules the greeting and everything that needs no message of the subscriber.
func (n *session) begin() {
	now := time.Now()
	n.answer("greeting", n.p.Greeting)
	if n.p.Within > 0 {
		n.schedule.set("within", now.Add(n.p.Within), func() error {
			return breach("the subscription was not complete within %v", n.p.Within)
		})
	}
	if n.p.Life > 0 {
		n.schedule.set("life", now.Add(n.p.Life), n.bye)
	}
	if n.p.Ping.Every > 0 {
		n.schedule.set("ping", now.Add(n.p.Ping.Every), n.ping)
	}
	n.busy()
	if len(n.p.Talk) == 0 {
		n.subscribed()
	}
}

// answer sends frames after the server's latency.
func (n *session) answer(name string, frames []string) {
	n.owed++
	n.schedule.set("answer "+name, time.Now().Add(latency), func() error {
		n.owed--
		return n.say(frames...)
	})
}

// busy notes that a frame went one way or the other.
func (n *session) busy() {
	if n.p.Idle > 0 {
		n.schedule.set("idle", time.Now().Add(n.p.Idle), func() error {
			return breach("nothing was said for %v", n.p.Idle)
		})
	}
}

// hear takes a frame of the subscriber.
func (n *session) hear(f frame) error {
	counts := f.opcode != websocket.OpPong || n.p.Rate.Pongs
	if counts && !n.frames.allow(time.Now()) {
		return breach("more than %d frames in %v", n.p.Rate.N, n.p.Rate.Per)
	}
	switch f.opcode {
	case websocket.OpText:
		n.busy()
		return n.hearText(string(f.payload))
	case websocket.OpPing:
		return n.write(websocket.OpPong, string(f.payload))
	case websocket.OpPong:
		n.got("pong")
		return nil
	case websocket.OpClose:
		n.write(websocket.OpClose, string(f.payload))
		return ErrLeft
	}
	return breach("a frame of opcode %d", f.opcode)
}

// got reports whether the session was waiting for a frame, and counts the answer.
func (n *session) got(what string) bool {
	_, wanted := n.schedule.entries[what]
	if wanted {
		n.schedule.cancel(what)
		n.srv.answered(n)
	}
	return wanted
}

// hearText finds the exchange that a text belongs to, and answers. Lines may end as those
// of IRC do.
func (n *session) hearText(text string) error {
	text = strings.TrimSuffix(text, "\r\n")
	wanted := n.got("wants " + text)
	for i, need := range n.p.Needs {
		if whole(need.Hears).MatchString(text) {
			n.need(i)
		}
	}
	if n.step < len(n.p.Talk) && whole(n.p.Talk[n.step].Hears).MatchString(text) {
		return n.hearTalk(text)
	}
	for i, x := range n.p.Aside {
		if found := whole(x.Hears).FindStringSubmatchIndex(text); found != nil {
			n.answer("aside "+strconv.Itoa(i), expand(x, text, found))
			return nil
		}
	}
	if wanted {
		return nil
	}
	return n.hearTalk(text)
}

// hearTalk takes the next part of the conversation.
func (n *session) hearTalk(text string) error {
	if n.step == len(n.p.Talk) {
		return breach("nobody asked for %.200q", text)
	}
	x := n.p.Talk[n.step]
	found := whole(x.Hears).FindStringSubmatchIndex(text)
	switch {
	case found == nil:
		return breach("%.200q was said where %s was due", text, x.Hears)
	case x.Answered && n.owed > 0:
		return breach("%.200q was said before the answer", text)
	}
	n.step++
	last := n.step == len(n.p.Talk)
	if last && n.srv.cfg.Refuse {
		n.schedule.cancel("within")
		n.answer("refusal", []string{n.p.Refusal})
		n.schedule.set("refused", time.Now().Add(time.Second), func() error { return ErrRefused })
		return nil
	}
	n.answer("talk "+strconv.Itoa(n.step), expand(x, text, found))
	if last {
		n.schedule.set("subscribed", time.Now().Add(latency), n.subscribed)
	}
	return nil
}

// expand fills the groups of a pattern's match into the answers.
func expand(x Exchange, text string, found []int) []string {
	answers := make([]string, len(x.Answers))
	for i, a := range x.Answers {
		answers[i] = string(whole(x.Hears).ExpandString(nil, a, text, found))
	}
	return answers
}
