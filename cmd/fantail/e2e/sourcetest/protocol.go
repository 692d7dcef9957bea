package sourcetest

import "time"

// Protocol is what one feed's server does and demands. Patterns are regular
// expressions for the whole of a text; the zero value of a rule is no rule.
// Static: it may be shared.
type Protocol struct {
	Name string // of the example, without .env

	// The handshake.
	URL    string            // where it must be dialled, without a query
	Query  map[string]string // patterns of the query's values; others are not allowed
	Header map[string]string // patterns of headers
	Dials  Rate              // connections

	// The conversation.
	Greeting []string      // sent soon after the handshake
	Talk     []Exchange    // what the subscriber has to say, in this order
	Within   time.Duration // of the handshake, for all of Talk
	Aside    []Exchange    // what it may say at any time
	Refusal  string        // the answer to a subscription that is not granted

	// Signs of life.
	Ping  Ping          // WebSocket pings of the server
	Beats []Beat        // frames sent once subscribed, none of them for clients
	Needs []Need        // what the subscriber must say again and again
	Idle  time.Duration // longest time without a frame in either direction
	Rate  Rate          // frames of the subscriber

	// The feed.
	Data   func(n int) Data
	Cursor func(query string) (n int, ok bool) // where a session that asks for the past begins
	Life   time.Duration                       // of a connection
	Bye    []string                            // announces a planned end
	Grace  time.Duration                       // from Bye to the end
}

// Exchange is a frame of the subscriber's and the answers to it.
type Exchange struct {
	Hears    string
	Answers  []string // may hold $1 and so on
	Answered bool     // must not be said before all that came before was answered
}

// Ping says how often the server pings, and when a pong is late.
type Ping struct{ Every, Within time.Duration }

// Beat is a frame that the server sends at an interval. {n} in it is a number
// that rises, and in Answer the same one.
type Beat struct {
	Every  time.Duration
	Frame  string
	Answer string // the frame that must come back; empty = none
	Within time.Duration
}

// Need is what a subscriber must say at least once in each interval.
type Need struct {
	Hears string
	Every time.Duration
}

// Rate is a bound: at most N in any span of Per. The pongs of a subscriber count
// if Pongs is set.
type Rate struct {
	N     int
	Per   time.Duration
	Pongs bool
}

// Data is one frame of the feed and what a relay must make of it.
type Data struct {
	Frame    string
	Messages []string // nil = the frame as it is
}

// messages returns what a relay must make of the frame.
func (d Data) messages() []string {
	if d.Messages == nil {
		return []string{d.Frame}
	}
	return d.Messages
}

// Protocols lists all feeds, in the order of their names.
func Protocols() []Protocol {
	return []Protocol{
		binance(), bitstamp(), bluesky(), bybit(), coinbase(), deribit(),
		kraken(), mastodon(), okx(), pusher(), twitch(),
	}
}
