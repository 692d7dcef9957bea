package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"fantail/feed/driver"
	"fantail/feed/internal/broker"
	"fantail/feed/internal/redact"
	"fantail/hub/setting"
)

// base is what both drivers share: the connection.
type base struct {
	broker.Base
	db int
}

// New returns the driver of redis://host/db: of a stream if the query names one, and else of
// channels. Its errors never show the URL.
func New(o driver.Options) (driver.Driver, error) {
	b, err := broker.New(o, "6379")
	if err != nil {
		return nil, err
	}
	d := base{Base: b}
	var errDB error
	if d.Path != "" {
		if d.db, errDB = strconv.Atoi(d.Path); errDB != nil || d.db < 0 {
			errDB = fmt.Errorf("feed: the source URL's path %.40q is not the number of a Redis database; write %s://host/0?…", d.Path, d.Scheme)
		}
	}
	if _, isStream := d.Query.Values["stream"]; isStream {
		s, err := newStreamSource(d)
		return s, errors.Join(errDB, err)
	}
	c, err := newChannelSource(d)
	return c, errors.Join(errDB, err)
}

// connect opens a link and a client of the library that uses it. The client has not sent
// anything yet.
func (d *base) connect(ctx context.Context) (*broker.Link, *redis.Client, error) {
	var secure *tls.Config
	if d.Scheme == "rediss" {
		secure = broker.TLSFor(d.Address, d.Options.TLS)
	}
	l, err := broker.Dial(ctx, d.Address, secure)
	if err != nil {
		return nil, nil, err
	}
	return l, redis.NewClient(&redis.Options{
		// Supervision belongs to feed: the library gets this link whenever it dials,
		// and the second time the link is closed. An error instead would leave a
		// goroutine that goes on dialling.
		Dialer:        func(context.Context, string, string) (net.Conn, error) { return l, nil },
		DialerRetries: 1,
		MaxRetries:    -1,
		PoolSize:      1,
		// The lifeline watches for silence, and a deadline within a large message
		// would lose the rest of it.
		ReadTimeout:     -2,
		WriteTimeout:    -2,
		ConnMaxIdleTime: -1,

		Protocol: 2,
		Username: d.User, Password: d.Password, DB: d.db,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}), nil
}

// greet performs a handshake that Redis must answer before the source counts as open.
func (d *base) greet(ctx context.Context, l *broker.Link, handshake func() error) error {
	err := l.During(ctx, handshake)
	switch f, ok := errors.AsType[*driver.Failure](err); {
	case err == nil:
		return nil
	case ok:
		return f
	}
	return d.explain(err)
}

// explain turns a refusal by Redis into a text that says what the operator can change, and
// any other error into a failure of the network.
func (d *base) explain(err error) *driver.Failure {
	var refusal redis.Error
	if !errors.As(err, &refusal) {
		return broker.Explain(err)
	}
	text, _, _ := strings.Cut(refusal.Error(), ", with args") // the argument of AUTH is the password
	code, _, _ := strings.Cut(text, " ")
	var advice error
	switch {
	case code == "NOAUTH", code == "WRONGPASS", strings.Contains(text, "invalid password"), strings.Contains(text, "without any password configured"):
		advice = setting.Errorf("correct user and password in %v (%s://user:password@host); without a user it is the default user", driver.SettingURL, d.Scheme)
	case code == "NOPERM":
		advice = setting.Errorf("allow the user of %v what is read and published (ACL SETUSER), or name another user", driver.SettingURL)
	case code == "WRONGTYPE":
		advice = setting.Errorf("the key exists but is not a stream; correct stream= in %v", driver.SettingURL)
	case strings.Contains(text, "DB index"):
		advice = setting.Errorf("correct the number of the database: it is the path of %v", driver.SettingURL)
	case code == "DENIED":
		advice = setting.Errorf("Redis is in protected mode; set a password there, and write it into %v", driver.SettingURL)
	case strings.Contains(text, "max number of clients"):
		advice = errors.New("raise maxclients of Redis, or find out which clients hold its connections")
	case code == "LOADING", code == "MASTERDOWN", code == "BUSY":
		advice = errors.New("it is not ready yet, and is tried again")
	default:
		advice = setting.Errorf("check %v, and that this is a Redis server of version 5 or later", driver.SettingURL)
	}
	return driver.Fail(driver.ReasonHandshake, "Redis refused with %q; %v", d.mask(text), advice)
}

// mask makes a server's text fit for a log, whatever it quotes of what we sent.
func (d *base) mask(text string) string {
	if d.Password != "" {
		text = strings.ReplaceAll(text, d.Password, "***")
	}
	return redact.Clean(text)
}
