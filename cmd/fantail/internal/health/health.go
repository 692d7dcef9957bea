package health

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"fantail/cmd/fantail/internal/cli"
	"fantail/cmd/fantail/internal/config"
)

// healthTimeout is below 3 s, a common timeout of probes.
const healthTimeout = 2 * time.Second

// Command is the row of fantail health.
func Command() cli.Command {
	return cli.Command{
		Name:   "health",
		About:  "Ask the relay of this environment whether it is alive",
		Detail: "It asks /healthz at FANTAIL_LISTEN. Exit code: 0 alive, 1 not.",
		Setup:  cli.Plain(runHealth),
	}
}

// runHealth asks the relay that has the same environment whether it is alive. It reads
// only the two variables that say where the relay is. So a running relay does not count
// as unhealthy because a file of its settings is gone.
func runHealth(ctx context.Context, _ []string, std cli.Stdio) error {
	c, err := config.LoadOnly(config.Where)
	if err != nil {
		return err
	}
	url, client, err := healthTarget(c.Listen)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	if err := checkHealth(ctx, client, url); err != nil {
		return err
	}
	_, err = fmt.Fprintln(std.Out, "healthy:", url)
	return err
}

// healthTarget returns the URL of the relay that listens there and a client for it.
func healthTarget(listen config.Listen) (string, *http.Client, error) {
	addr, conf, err := listen.Local()
	if err != nil {
		return "", nil, err
	}
	scheme := "http"
	if listen.TLS() {
		scheme = "https"
	}
	t := &http.Transport{TLSClientConfig: conf} // no proxy
	return scheme + "://" + addr + "/healthz", &http.Client{Transport: t, Timeout: healthTimeout}, nil
}

// checkHealth returns nil if url answers 200.
func checkHealth(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("unhealthy: %w; is the relay running with this FANTAIL_LISTEN?", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("unhealthy: %s answered %s; see the relay's log", url, resp.Status)
	}
	return nil
}
