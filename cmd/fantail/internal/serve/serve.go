package serve

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"fantail/cmd/fantail/internal/cli"
	"fantail/cmd/fantail/internal/config"
	"fantail/cmd/fantail/internal/text"
	"fantail/feed"
	"fantail/feed/driver"
	"fantail/hub"
	"fantail/hub/setting"
	"fantail/relay"
)

// Command is the row of fantail serve.
func Command() cli.Command {
	return cli.Command{
		Name:   "serve",
		About:  "Relay the source to every client (the default)",
		Detail: "Environment variables configure it; fantail -h lists them. There are no flags.",
		Examples: []string{
			"fantail", "relay a demo feed at ws://localhost:8080/ws",
			"FANTAIL_SOURCE_URL=wss://example.com/feed fantail", "relay a feed of your own",
		},
		Setup: cli.Plain(FromEnvironment),
	}
}

// FromEnvironment loads the configuration and relays until ctx is cancelled.
func FromEnvironment(ctx context.Context, _ []string, std cli.Stdio) error {
	c, err := config.Load()
	if err != nil {
		return err
	}
	log := text.NewLogger(std.Err, c.Log.Format, c.Log.Level)
	limitMemory(int64(c.Hub.Ring.Bytes), log)
	// Under load a pump keeps one processor busy, so everything else needs another.
	// Set it only if necessary: GOMAXPROCS that is set no longer follows the
	// container's limit.
	if runtime.GOMAXPROCS(0) < 2 {
		runtime.GOMAXPROCS(2)
	}
	return Run(ctx, c, Options{Log: log, Out: std.Out})
}

// Options has the parts that a relay uses besides its configuration.
type Options struct {
	// Public and Admin are the listeners for clients and operators. Run closes them.
	// nil listens at the address of the configuration.
	Public, Admin net.Listener

	Log zerolog.Logger
	Out io.Writer // gets the banner once both listeners are served; nil is no banner
}

// Run relays the source until ctx ends, and then closes the clients as the drain settings
// say. Its error says what to change. Run reads no environment and changes nothing of the
// process, so that several relays can work in one process.
func Run(ctx context.Context, c config.Config, o Options) error {
	defer closeAll(o.Public, o.Admin)
	log := o.Log
	latency := relay.NewLatency()
	fc := c.Feed
	fc.Names = config.Names
	hc := fc.ForHub(c.Hub)
	if hc.Demand != nil { // each client may have a lane of its own
		hc.MaxLanes = max(4096, c.Relay.Limits.Clients)
	}
	hc.Latency = latency
	h := relay.NewHub(hc)
	defer h.Close()
	f, err := feed.Connect(h.Hub(), fc, log)
	if err != nil {
		return config.Named(err)
	}
	warnOfKeys(c, f, log)
	warnOfUplink(c, log)
	r, err := relay.New(RelayConfig(c, h, f, log))
	if err != nil {
		return config.Named(err)
	}
	s := &service{config: c, log: log, hub: h, feed: f, relay: r}
	if err := s.listen(o, r.Handler(), r.Admin(r.Registry(latency))); err != nil {
		return err
	}
	if o.Out != nil {
		s.printBanner(o.Out)
	}
	return s.run(ctx)
}

// RelayConfig returns the relay's configuration with its hub, its feed and its log.
func RelayConfig(c config.Config, h *relay.Hub, f *feed.Feed, log zerolog.Logger) relay.Config {
	rc := c.Relay
	rc.Hub, rc.Log, rc.Names, rc.Uplink.Forward = h, log, config.Names, forward(f.Send)
	rc.Source = func() relay.SourceStatus { return sourceStatus(f.Stats()) }
	if feed.IsPushed(c.Feed.Sources.URL) {
		rc.Push.Take = takePushed(f)
	}
	return rc
}

// forward returns a function that sends a client's message to the source. The feed's
// errors do not know what bounds the clients, so it adds that.
func forward(send func(hub.Kind, []byte) error) func(hub.Kind, []byte) error {
	return func(kind hub.Kind, payload []byte) error {
		err := send(kind, payload)
		if errors.Is(err, driver.ErrBusy) {
			return setting.Errorf("%w: lower %v", err, relay.SettingUplinkRate)
		}
		return err
	}
}

// takePushed returns a function that hands pushed messages to the feed. It returns the
// feed's refusals as the relay's errors.
func takePushed(f *feed.Feed) func([]hub.Input) error {
	return func(messages []hub.Input) error {
		switch err := f.Push(messages); {
		case errors.Is(err, driver.ErrPushFull):
			return relay.ErrBusy
		case errors.Is(err, driver.ErrPushTooLarge):
			return relay.ErrTooLarge
		default:
			return err
		}
	}
}

// service is a relay at work: its feed, its hub and its two HTTP servers.
type service struct {
	config config.Config
	log    zerolog.Logger
	hub    *relay.Hub
	feed   *feed.Feed
	relay  *relay.Relay

	public, admin net.Addr

	servers  []*http.Server
	failures chan error // a server or the feed has failed; never closed
	running  sync.WaitGroup
}

// run works until ctx ends or something fails, and then shuts down.
func (s *service) run(ctx context.Context) error {
	sourceCtx, leaveSource := context.WithCancel(context.Background())
	defer leaveSource()
	s.running.Go(func() { // ended by leaveSource
		if err := s.feed.Run(sourceCtx); err != nil {
			s.fail(config.Named(err))
		}
	})
	var err error
	select {
	case <-ctx.Done():
	case err = <-s.failures:
		s.log.Error().Err(err).Msg("the relay failed and shuts down")
	}
	s.drain()
	leaveSource()
	s.hub.Close()
	for _, srv := range s.servers {
		err = errors.Join(err, srv.Close())
	}
	s.running.Wait()
	return err
}

func (s *service) fail(err error) {
	select {
	case s.failures <- err:
	default: // only the first failure counts
	}
}

// drain is the orderly end: report not ready, wait, accept no more clients, close the
// clients. The two times of Drain together are its budget.
func (s *service) drain() {
	began, d := time.Now(), s.config.Drain
	s.log.Info().Int("clients", s.hub.Clients()).Stringer("delay", d.Delay).Stringer("window", d.Window).Msg("draining: the relay is not ready and closes its clients")
	ctx, cancel := context.WithTimeout(context.Background(), d.Delay+d.Window)
	defer cancel()
	s.relay.NotReady()
	select {
	case <-time.After(d.Delay):
	case <-ctx.Done():
	}
	s.relay.StopAccepting()
	s.running.Go(func() { s.servers[0].Shutdown(ctx) }) // ends with ctx
	s.hub.Drain(ctx, d.Window)
	cancel()
	s.log.Info().Int("left", s.hub.Clients()).Stringer("took", time.Since(began).Round(time.Millisecond)).Msg("drained: the time for closing clients is over")
}
