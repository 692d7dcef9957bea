package driver

import (
	"fmt"
)

// Reason is why a connection to the source was not made or did not last. The
// set is closed: its words are log field and metric label.
type Reason uint8

const (
	ReasonConfig    Reason = iota // what to send could not be read, such as a file with a secret
	ReasonDial                    // no connection: name not found, refused, unreachable
	ReasonTLS                     // connected, but no TLS with a valid certificate
	ReasonHandshake               // no answer to the opening handshake, or not the right one
	ReasonClosed                  // the source closed the connection in order
	ReasonLost                    // the connection broke, or broke the protocol
	ReasonPing                    // a ping was not answered in time
	ReasonIdle                    // no message came for Config.IdleTimeout
	ReasonTooLarge                // a message was larger than Config.MaxMessage
	ReasonRule                    // a rule asked for another connection
	ReasonFatal                   // a rule said that an answer of the source is fatal
	ReasonMaxAge                  // the connection reached Config.MaxAge
	ReasonCount                   // how many there are
)

var reasonWords = [ReasonCount]string{"config", "dial", "tls", "handshake", "closed", "lost", "ping", "idle", "too-large", "rule", "fatal", "max-age"}

// String returns the reason's word.
func (r Reason) String() string {
	if r < ReasonCount {
		return reasonWords[r]
	}
	return fmt.Sprintf("Reason(%d)", uint8(r))
}

// DropReason is why a single message was not published, while its connection
// went on. The set is closed: its words are log field and metric label.
type DropReason uint8

const (
	DropNotUTF8     DropReason = iota // a text message is not UTF-8 (RFC 6455 section 8.1)
	DropTooLarge                      // a line, an event or a broker's message is longer than Config.MaxMessage
	DropRule                          // a rule keeps it from the clients
	DropEmpty                         // Config.Split found nothing in it
	DropCopy                          // it is a copy of one that was published
	DropOverlap                       // it is what a new connection begins with while the old one still runs
	DropReasonCount                   // how many there are
)

var dropWords = [DropReasonCount]string{"not-utf8", "too-large", "rule", "empty", "copy", "overlap"}

// String returns the reason's word.
func (d DropReason) String() string {
	if d < DropReasonCount {
		return dropWords[d]
	}
	return fmt.Sprintf("DropReason(%d)", uint8(d))
}
