package nats

import (
	"context"
	"errors"
	"strings"

	"github.com/nats-io/nats.go"

	"fantail/feed/driver"
	"fantail/feed/internal/redact"
)

// publisher publishes over the feed's own connection, which NATS never holds
// up for what it is sent.
type publisher struct {
	source *base
	conn   *connection
}

// Publish implements publisher. NATS answers a flush behind what it thinks of the
// message.
func (p *publisher) Publish(ctx context.Context, payload []byte) error {
	before := p.conn.LastError()
	if err := p.conn.Publish(p.source.Base.PublishTo, payload); err != nil {
		return p.source.explain(err)
	}
	if err := p.conn.FlushWithContext(ctx); err != nil {
		return p.source.explain(err)
	}
	if err := p.conn.LastError(); err != before && isPublishRefusal(err) {
		return driver.Fail(driver.ReasonHandshake, "NATS refused with %q; have the user of %v allowed to publish to this, or correct publish= there", redact.Clean(strings.TrimPrefix(err.Error(), "nats: ")), driver.SettingURL)
	}
	return nil
}

// Close implements publisher; the connection is the stream's.
func (p *publisher) Close() {}

// isPublishRefusal tells a message that NATS does not want from a subscription
// that it does not grant.
func isPublishRefusal(err error) bool {
	return errors.Is(err, nats.ErrPermissionViolation) && strings.Contains(strings.ToLower(err.Error()), "for publish")
}
