package driver

import (
	"fmt"
)

// Reason says why a connection to the source was not made or did not last. The set is
// closed, because its words are the log field and the metric label.
type Reason uint8

const (
	ReasonConfig    Reason = iota // something to send could not be read, such as a file with a secret
	ReasonDial                    // no connection: name not found, refused, unreachable
	ReasonTLS                     // connected, but without TLS or without a valid certificate
	ReasonHandshake               // no answer to the opening handshake, or a wrong one
	ReasonClosed                  // the source closed the connection properly
	ReasonLost                    // the connection broke, or the source broke the protocol
	ReasonPing                    // no answer to a ping in time
	ReasonIdle                    // no message for Dialling.IdleTimeout
	ReasonTooLarge                // a message was larger than Messages.MaxMessage
	ReasonRule                    // a rule asked for another connection
	ReasonFatal                   // a rule said that an answer of the source is fatal
	ReasonMaxAge                  // the connection reached Renewal.MaxAge
	ReasonCount                   // number of reasons
)

var reasonWords = [ReasonCount]string{"config", "dial", "tls", "handshake", "closed", "lost", "ping", "idle", "too-large", "rule", "fatal", "max-age"}

// String returns the reason's word.
func (r Reason) String() string {
	if r < ReasonCount {
		return reasonWords[r]
	}
	return fmt.Sprintf("Reason(%d)", uint8(r))
}

// DropReason says why a single message was not published while its connection went on. No
// other code adds one, because its words are the log field and the metric label.
type DropReason uint8

const (
	DropNotUTF8     DropReason = iota // a text message is not UTF-8 (RFC 6455 section 8.1)
	DropTooLarge                      // a line, an event or a broker's message is longer than Messages.MaxMessage
	DropRule                          // a rule keeps it from the clients
	DropEmpty                         // Messages.Split found nothing in it
	DropCopy                          // a copy of it was published
	DropOverlap                       // a new connection began with it while the old one still ran
	DropReasonCount                   // number of reasons
)

var dropWords = [DropReasonCount]string{"not-utf8", "too-large", "rule", "empty", "copy", "overlap"}

// String returns the reason's word.
func (d DropReason) String() string {
	if d < DropReasonCount {
		return dropWords[d]
	}
	return fmt.Sprintf("DropReason(%d)", uint8(d))
}
