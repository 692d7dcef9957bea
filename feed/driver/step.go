package driver

import (
	"context"
	"fmt"
	"time"
)

// StepKind is a step on the way to an open source.
type StepKind uint8

// The steps in their order. A source takes those it has: a recording is just
// opened.
const (
	StepSettings  StepKind = iota // headers and frames to send are read; reported only if that fails
	StepProxy                     // the environment names a proxy
	StepName                      // the host's name is resolved
	StepTCP                       // connected
	StepTLS                       // a certificate was shown and is good
	StepHandshake                 // the opening handshake is done
	StepSend                      // Config.Send has been sent
	StepOpen                      // messages may come
	steps                         // how many there are
)

var stepWords = [steps]string{"settings", "proxy", "name", "tcp", "tls", "handshake", "send", "open"}

// String returns the step's word.
func (k StepKind) String() string {
	if k < steps {
		return stepWords[k]
	}
	return fmt.Sprintf("StepKind(%d)", uint8(k))
}

// Step is a step that was done, or the one that failed.
type Step struct {
	Kind    StepKind
	Took    time.Duration // since the step before, or the start
	Detail  string        // what was found, for people; nothing secret is in it
	Expires time.Time     // of StepTLS: the end of the certificate
	Err     error         // why it failed, and what to change; nil = it did not
}

type reporterKey struct{}

// WithReporter returns a context under which Report calls r. r may be called by any
// goroutine.
func WithReporter(ctx context.Context, r func(Step)) context.Context {
	return context.WithValue(ctx, reporterKey{}, r)
}

// Report tells whoever probes a source of a step that was done under ctx. Drivers call
// it within Open. Mostly nobody listens, and it does nothing.
func Report(ctx context.Context, s Step) {
	if r, ok := ctx.Value(reporterKey{}).(func(Step)); ok {
		r(s)
	}
}
