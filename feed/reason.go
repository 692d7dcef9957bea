package feed

import "fmt"

// Reason is why a connection to the source was not made or did not last. The
// set is closed: its words are log field and metric label.
type Reason uint8

const (
	ReasonConfig    Reason = iota // what to send could not be read, such as a file with a secret
	ReasonDial                    // no connection: name not found, refused, unreachable
	ReasonTLS                     // connected, but no TLS with a valid certificate
	ReasonHandshake               // no answer to the opening handshake, or not the right one
	ReasonClosed                  // the source sent a close frame
	ReasonLost                    // the connection broke, or broke the protocol
	ReasonPing                    // a ping was not answered in time
	ReasonIdle                    // no message came for Config.IdleTimeout
	ReasonTooLarge                // a message was larger than Config.MaxMessage
	reasons                       // how many there are
)

var reasonWords = [reasons]string{"config", "dial", "tls", "handshake", "closed", "lost", "ping", "idle", "too-large"}

// String returns the reason's word.
func (r Reason) String() string {
	if r < reasons {
		return reasonWords[r]
	}
	return fmt.Sprintf("Reason(%d)", uint8(r))
}

// DropReason is why a single message was not published, while its connection
// went on. The set is closed: its words are log field and metric label.
//
// It is an error, so that a stream can return it in a message's place.
type DropReason uint8

const (
	DropNotUTF8  DropReason = iota // a text message is not UTF-8 (RFC 6455 section 8.1)
	DropTooLarge                   // a line of stdin, or a broker's message, is longer than Config.MaxMessage
	dropReasons                    // how many there are
)

var dropWords = [dropReasons]string{"not-utf8", "too-large"}

// String returns the reason's word.
func (d DropReason) String() string {
	if d < dropReasons {
		return dropWords[d]
	}
	return fmt.Sprintf("DropReason(%d)", uint8(d))
}

// dropAdvice is what the operator can change about it.
var dropAdvice = [dropReasons]string{
	"text that is not UTF-8 would have clients close their connections; have it sent as binary",
	"raise FANTAIL_SOURCE_MAX_MESSAGE to have them relayed",
}

// Error returns the reason as a sentence.
func (d DropReason) Error() string { return "feed: message dropped: " + d.String() }

// failure is an error that the next connection may not meet: supervision
// counts it and connects again.
type failure struct {
	reason Reason
	err    error
}

func fail(reason Reason, format string, args ...any) *failure {
	return &failure{reason, fmt.Errorf(format, args...)}
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// lapse tells that messages are missing which a source with a history was
// expected to have. The stream goes on.
type lapse struct {
	missed uint64 // 0 = nobody knows
	text   string // what happened, and what to change
}

func (l *lapse) Error() string { return l.text }
