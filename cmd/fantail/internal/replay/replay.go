package replay

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"fantail/cmd/fantail/internal/cli"
	"fantail/cmd/fantail/internal/config"
	"fantail/cmd/fantail/internal/text"
)

// Command is the row of fantail replay.
func Command() cli.Command {
	return cli.Command{
		Name:     "replay",
		Operands: []string{"FILE"},
		About:    "Serve a recording as a WebSocket source",
		Detail: "Each subscriber gets the recording from its first message, at the recording's\n" +
			"own pace. At the end of the recording the connection is closed with 1000.",
		Examples: []string{
			"fantail replay feed.txt", "serve it at ws://127.0.0.1:9000/",
			"fantail replay -speed 10 -loop feed.txt", "ten times as fast, again and again",
		},
		Setup: setupReplay,
	}
}

// speed is a factor of a recording's own pace; 0 plays without a pause.
type speed float64

// String implements flag.Value.
func (s *speed) String() string {
	if *s == 0 {
		return "max"
	}
	return strconv.FormatFloat(float64(*s), 'g', -1, 64)
}

// Set implements flag.Value.
func (s *speed) Set(text string) error {
	if text == "max" {
		*s = 0
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= 0 && f <= 1e9) {
		return errors.New("write a factor such as 1, 0.5 or 10, or max")
	}
	*s = speed(f)
	return nil
}

// setupReplay registers the flags of fantail replay.
func setupReplay(flags *flag.FlagSet) cli.Runner {
	p := player{speed: 1, patience: 30 * time.Second}
	listen := flags.String("listen", "127.0.0.1:9000", "listen at `HOST:PORT`; port 0 is any free port")
	flags.Var(&p.speed, "speed", "multiply the recording's pace by `FACTOR`; 0 or max is as fast as the subscriber takes it")
	flags.BoolVar(&p.loop, "loop", false, "play the recording again at its end")
	return func(ctx context.Context, operands []string, std cli.Stdio) error {
		p.file, p.log = operands[0], text.NewLogger(std.Err, "auto", zerolog.InfoLevel)
		return replay(ctx, p, *listen, std.Out)
	}
}

// replay reads the whole recording, to find its faults and to sum it up, and then serves
// it at listen until ctx is cancelled. It returns when all subscribers are gone.
func replay(ctx context.Context, p player, listen string, out io.Writer) error {
	s, err := summarize(ctx, p.file)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("%w; choose another address with -listen", err)
	}
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return errors.Join(err, l.Close())
	}
	url := "ws://" + net.JoinHostPort(config.Reachable(host), port) + "/"
	fmt.Fprintf(out, "replaying %s at %s\n  %s\nrelay it with\n  FANTAIL_SOURCE_URL=%s fantail\n", p.file, url, s, url)
	return p.serve(ctx, l)
}

// serve accepts subscribers until ctx is cancelled, and then drops them. The group counts
// each connection from its accept on, so that none is added after Wait: first for the
// HTTP server, then for the handler that has taken the connection over.
func (p player) serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	srv := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		ErrorLog:          stdlog.New(p.log, "", 0),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				wg.Add(1)
			case http.StateHijacked, http.StateClosed:
				wg.Done()
			}
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			wg.Add(1)
			defer wg.Done()
			p.subscriber(ctx, w, r)
		}),
	}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	err := srv.Serve(l)
	stop()
	cancel()
	_ = srv.Close() // Serve leaves connections open when it fails
	wg.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("replay: %w", err)
}
