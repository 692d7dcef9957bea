package load

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Config says which endpoint to load, and how.
type Config struct {
	URL      string      // ws:// or wss://, and for SSE http:// or https://
	Format   Format      // of the endpoint's messages
	Header   http.Header // of each handshake; Host replaces the URL's
	Send     []string    // text messages that each client sends once it is connected
	Insecure bool        // accept any certificate
	Compress bool        // offer permessage-deflate; it is an error if the server declines

	// Query, if set, returns the query that replaces the URL's for one client, by
	// its number from 0 on. Any goroutine may call it.
	Query func(client int) string

	Clients     int     // connections to open
	ConnectRate float64 // of them a second
	Stalled     int     // percentage of the clients that never read

	Warm     time.Duration // between the last connection and the measuring window
	Duration time.Duration // of the window
	Longest  time.Duration // of the window while Enough returns false; not above Duration: Enough is not asked
	Enough   func() bool   // ends the window after Duration; called some times a second; nil is always true

	Storm bool // after the window, cut all connections and have them resume at once; needs Envelope or SSE

	Sample   int    // clients whose messages are looked into
	PathTime string // where a message has its send time, in dots (a.b.0.c); empty: not measured
	PathSeq  string // where it has its sequence, which rises by one; empty: not checked

	// Window, if set, is called right after the measuring window opened and right
	// before it closes.
	Window func(open bool)
	// Progress, if set, is called some times a second by the goroutine of Run.
	Progress func(Progress)

	portable bool // goroutines in place of pollers; for tests
}

// Progress is how far a run is.
type Progress struct {
	Phase      string // connecting, warming up or measuring
	Left       time.Duration
	Connected  int
	Failed     int
	Ended      int     // connections that ended since
	Deliveries float64 // a second, since the last Progress
	Bytes      float64 // a second, since the last Progress
}

// MaxClients bounds Config.Clients: the addresses 127.0.0.2 to 127.0.0.41 have that
// many ports.
const MaxClients = 40 * perAddress

// Check returns all that is wrong with c; each line says what to choose. Run
// does so too.
func (c Config) Check() error {
	_, err := parseURL(c.URL, c.Format)
	bound := func(ok bool, format string, args ...any) {
		if !ok {
			err = errors.Join(err, fmt.Errorf("load: "+format, args...))
		}
	}
	bound(c.Clients >= 1 && c.Clients <= MaxClients, "%d clients are out of bounds; choose 1 to %d", c.Clients, MaxClients)
	bound(c.ConnectRate > 0 && c.ConnectRate <= 1e6, "%v connections a second are out of bounds; choose more than 0, at most 1e6", c.ConnectRate)
	bound(c.Stalled >= 0 && c.Stalled <= 100, "%d percent stalled clients are out of bounds; choose 0 to 100", c.Stalled)
	bound(c.Warm >= 0 && c.Warm <= time.Hour, "%v to warm up is out of bounds; choose 0 to 1h", c.Warm)
	bound(c.Duration > 0 && c.Duration <= 24*time.Hour, "a duration of %v is out of bounds; choose more than 0, at most 24h", c.Duration)
	bound(!c.Storm || c.Format != Raw, "a storm resumes at positions, which raw messages do not have; choose envelopes or SSE")
	bound(!c.Storm || c.PathTime != "", "a storm needs the time in the messages to see its end; say where the time is")
	bound(!c.Storm || c.Stalled == 0, "stalled clients and a storm exclude each other; choose one of the two")
	bound(!c.Compress || c.Format != SSE, "compression is for WebSockets, and not for Server-Sent Events; leave one of them out")
	bound(c.Sample >= 0, "a sample of %d is out of bounds; choose 0 or more", c.Sample)
	return err
}

// stalled says whether client i never reads; every prefix of the clients has
// its share of them.
func (c Config) stalled(i int) bool { return (i+1)*c.Stalled/100 > i*c.Stalled/100 }

// sampled says whether the i-th of the clients that read is in the sample.
func (c Config) sampled(i int) bool {
	if c.Storm {
		return true // each needs its position
	}
	readers := c.Clients - c.Clients*c.Stalled/100
	if c.Sample >= readers {
		return true
	}
	return (i+1)*c.Sample/readers > i*c.Sample/readers
}
