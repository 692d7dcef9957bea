package serve

import (
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

const (
	headerTime  = 5 * time.Second  // for a request's headers
	requestTime = 10 * time.Second // for a whole request and for its answer; it does not bound WebSockets
	headerBytes = 16 << 10         // of a request
	idleTime    = 60 * time.Second
)

// listen opens the listeners that o lacks and serves on both. After an error neither is
// served.
func (s *service) listen(o Options, public, admin http.Handler) (err error) {
	s.failures = make(chan error, 1)
	c, pub, adm := s.config, o.Public, o.Admin
	defer func() {
		if err != nil {
			closeAll(pub, adm)
		}
	}()
	if pub == nil {
		if pub, err = listenOn("FANTAIL_LISTEN", c.Listen.Public); err != nil {
			return err
		}
	}
	if adm == nil {
		if adm, err = listenOn("FANTAIL_ADMIN_LISTEN", c.Listen.Admin); err != nil {
			return err
		}
	}
	s.public, s.admin = pub.Addr(), adm.Addr()
	clients, operators := s.newServer(public), s.newServer(admin)
	clients.SetKeepAlivesEnabled(false) // the limit on clients does not count an idle connection's descriptor
	operators.WriteTimeout = 0          // a profile takes as long as its reader wants
	s.serveOn(pub, clients, c.Listen.Cert, c.Listen.Key)
	s.serveOn(adm, operators, "", "")
	s.log.Info().Stringer("listen", pub.Addr()).Stringer("admin", adm.Addr()).Int("max_clients", c.Relay.Limits.Clients).Msg("the relay listens for clients and operators")
	return nil
}

// closeAll closes listeners, some of which may be nil.
func closeAll(listeners ...net.Listener) {
	for _, l := range listeners {
		if l != nil {
			l.Close()
		}
	}
}

// newServer returns a server with the limits for strangers.
func (s *service) newServer(h http.Handler) *http.Server {
	var http1 http.Protocols
	http1.SetHTTP1(true) // a WebSocket handshake needs it, also over TLS
	return &http.Server{
		Handler: h, Protocols: &http1, ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, WriteTimeout: requestTime, IdleTimeout: idleTime, MaxHeaderBytes: headerBytes,
		ErrorLog: stdlog.New(serverErrors{s}, "", 0),
	}
}

// serveOn serves until the server is closed.
func (s *service) serveOn(l net.Listener, srv *http.Server, cert, key string) {
	s.servers = append(s.servers, srv)
	l = &steadyListener{Listener: l, log: s.log}
	s.running.Go(func() { // ended by Shutdown or Close
		var err error
		if cert != "" {
			err = srv.ServeTLS(l, cert, key)
		} else {
			err = srv.Serve(l)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			s.fail(fmt.Errorf("serving on %s: %w", l.Addr(), err))
		}
	})
}

// serverErrors logs the HTTP server's errors, such as failed TLS handshakes, at level
// debug, since strangers cause them.
type serverErrors struct{ s *service }

func (e serverErrors) Write(p []byte) (int, error) {
	e.s.log.Debug().Str("component", "http").Msg(strings.TrimSpace(string(p)))
	return len(p), nil
}

func listenOn(variable, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s=%s: the port is taken by another program; stop that program, or set %s to another address, such as :0 for any free port", variable, address, variable)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s=%s: this is not permitted, because ports below 1024 need a privilege; set %s to a higher port", variable, address, variable)
	case err != nil:
		return nil, fmt.Errorf("%s=%s: %w; set it to an address of this machine, such as :8080", variable, address, err)
	}
	return l, nil
}
