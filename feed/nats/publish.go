package nats

import (
	"context"
	"errors"
	"strings"

	"github.com/nats-io/nats.go"

	"fantail/feed/driver"
	"fantail/feed/internal/redact"
)

// publisher publishes over the feed's own connection, because NATS never stops reading from
// a connection that publishes.
type publisher struct {
	source *base
	conn   *connection
}

// Publish implements broker.Publisher. NATS refuses a message before it answers the flush
// that follows.
func (p *publisher) Publish(ctx context.Context, payload []byte) error {
	before := p.conn.LastError()
	if err := p.conn.Publish(p.source.Base.PublishTo, payload); err != nil {
		return p.source.explain(err)
	}
	if err := p.conn.FlushWithContext(ctx); err != nil {
		return p.source.explain(err)
	}
	if err := p.conn.LastError(); err != before && isPublishRefusal(err) {
		return driver.Fail(driver.ReasonHandshake, "NATS refused with %q; allow the user of %v to publish to this, or correct publish= there", redact.Clean(strings.TrimPrefix(err.Error(), "nats: ")), driver.SettingURL)
	}
	return nil
}

// Close implements broker.Publisher. The stream closes the connection.
func (p *publisher) Close() {}

// isPublishRefusal reports whether NATS refused a message, and not a subscription.
func isPublishRefusal(err error) bool {
	return errors.Is(err, nats.ErrPermissionViolation) && strings.Contains(strings.ToLower(err.Error()), "for publish")
}
