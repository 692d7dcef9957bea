package config

import (
	"crypto/tls"
	"errors"
	"strings"

	"github.com/rs/zerolog"

	"fantail/feed"
	"fantail/hub"
	"fantail/hub/setting"
	"fantail/relay"
)

// crossCheck checks values against each other that are valid on their own.
func (p *parser) crossCheck() {
	p.checkQueue()
	p.checkRing()
	p.checkSnapshot()
	p.checkUplink()
	p.checkSource()
	p.checkPush()
	p.checkTLS()
}

func (p *parser) checkQueue() {
	h := &p.config.Hub
	if p.good(&h.Queue.Messages, &h.Ring.Messages) && h.Queue.Messages > h.Ring.Messages {
		p.reject(&h.Queue.Messages, "a queue is a part of the ring; write at most %s (%d), or auto", p.name(&h.Ring.Messages), h.Ring.Messages)
	}
	if p.good(&h.Queue.Bytes, &h.Ring.Bytes) && h.Queue.Bytes > h.Ring.Bytes {
		p.reject(&h.Queue.Bytes, "a queue is a part of the ring; write at most %s (%s), or auto", p.name(&h.Ring.Bytes), p.text(&h.Ring.Bytes))
	}
}

func (p *parser) checkRing() {
	ring, message := &p.config.Hub.Ring.Bytes, &p.config.Feed.Messages.MaxMessage
	if least := 4 * *message; p.good(ring, message) && int64(*ring) < least {
		p.reject(ring, "the ring must hold 4 messages of %s (%s); write at least %s, or lower that", p.name(message), p.text(message), formatSize(least))
	}
}

func (p *parser) checkSnapshot() {
	policy, snapshot := &p.config.Relay.Delivery.Policy, &p.config.snapshot
	if p.good(policy, snapshot) && *policy == hub.Conflate && *snapshot == "none" {
		p.reject(policy, "conflating takes the newest messages from the snapshot; write %s=last as well, or evict or skip", p.name(snapshot))
	}
}

// checkUplink checks that an uplink that forwards has what it needs, and that no other
// uplink has settings that it does not use.
func (p *parser) checkUplink() {
	r := &p.config.Relay
	switch forward := r.Uplink.Mode == relay.UplinkForward; {
	case !p.good(&r.Uplink.Mode, &r.Uplink.Allow):
	case forward && r.Uplink.Allow == nil:
		p.reject(&r.Uplink.Allow, `%s=forward lets clients send to the source; write what they may, such as ^{"type":"chat", or .* for all`, p.name(&r.Uplink.Mode))
	case !forward && r.Uplink.Allow != nil:
		p.reject(&r.Uplink.Allow, "nothing is forwarded with %s=%s; write forward there, or unset this", p.name(&r.Uplink.Mode), p.text(&r.Uplink.Mode))
	}
}

// checkSource has feed check the settings of the source together.
func (p *parser) checkSource() {
	f := &p.config.Feed
	if !p.good(&f.Sources.URL, &f.Messages.Rules, &f.Messages.Cursor, &f.Messages.ID, &f.Sending.PingText, &f.Renewal.MaxAge, &f.Renewal.Overlap, &f.Sources.Mode, &f.Sources.Seq) {
		return
	}
	check := *f
	check.Stdin = strings.NewReader("")
	_, err := feed.New(check, nil, zerolog.Nop())
	for _, problem := range setting.Problems(err) {
		p.add("the source's settings", errors.New(strings.TrimPrefix(Names.Text(problem), "feed: ")))
	}
}

func (p *parser) checkPush() {
	url, token := &p.config.Feed.Sources.URL, &p.config.Relay.Push.Token
	if p.good(url, token) && p.text(token) == "" && feed.IsPushed(*url) {
		p.reject(token, "anybody could push messages to clients; write a token of 16 characters or more, or @ and a file that holds it")
	}
}

// checkTLS reads the certificate and its key, if there is TLS.
func (p *parser) checkTLS() {
	cert, key := &p.config.Listen.Cert, &p.config.Listen.Key
	switch {
	case *cert == "" && *key == "":
	case *key == "":
		p.reject(key, "%s is set without its key; write the key's file, such as /etc/fantail/tls.key", p.name(cert))
	case *cert == "":
		p.reject(cert, "%s is set without its certificate; write the chain's file, such as /etc/fantail/tls.crt", p.name(key))
	default:
		if _, err := tls.LoadX509KeyPair(*cert, *key); err != nil {
			p.reject(cert, "cannot be used with %s=%s: %v; both must be readable PEM files that belong together", p.name(key), *key, err)
		}
	}
}
