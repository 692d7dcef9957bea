package driver

import (
	"context"
	"fmt"
	"time"
)

// StepKind is a step on the way to an open source.
type StepKind uint8

// The steps in their order. A source reports the steps that it has. A recording, for
// example, is only opened.
const (
	StepSettings  StepKind = iota // headers and frames to send were read; reported only if that fails
	StepProxy                     // the environment names a proxy
	StepName                      // the host's name was resolved
	StepTCP                       // the TCP connection was made
	StepTLS                       // the source showed a valid certificate
	StepHandshake                 // the opening handshake is done
	StepSend                      // Sending.Frames were sent
	StepOpen                      // messages may come
	steps                         // number of steps
)

var stepWords = [steps]string{"settings", "proxy", "name", "tcp", "tls", "handshake", "send", "open"}

// String returns the step's word.
func (k StepKind) String() string {
	if k < steps {
		return stepWords[k]
	}
	return fmt.Sprintf("StepKind(%d)", uint8(k))
}

// Step is a step that was done, or the step that failed.
type Step struct {
	Kind    StepKind      // which step
	Took    time.Duration // since the step before, or since the start; Probe fills it in
	Detail  string        // what was found, for people; it holds no secret
	Expires time.Time     // of StepTLS: the end of the certificate
	Err     error         // why it failed, and what to change; nil = it did not
}

type reporterKey struct{}

// WithReporter returns a context under which Report calls r. Any goroutine may call r.
func WithReporter(ctx context.Context, r func(Step)) context.Context {
	return context.WithValue(ctx, reporterKey{}, r)
}

// Report reports a step that was done to the reporter of ctx. Without a reporter it does
// nothing. Drivers call it within Open. Any goroutine may call it.
func Report(ctx context.Context, s Step) {
	if r, ok := ctx.Value(reporterKey{}).(func(Step)); ok {
		r(s)
	}
}
