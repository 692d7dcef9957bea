package sourcetest

import "time"

// Protocol is the behaviour and the rules of one feed's server. Patterns are regular
// expressions that must match a whole text. The zero value of a rule is no rule. A
// Protocol does not change and may be shared.
type Protocol struct {
	Name string // of the example, without .env

	// The handshake.
	URL    string            // to dial, without a query
	Query  map[string]string // patterns of the query's values; others are not allowed
	Header map[string]string // patterns of headers
	Dials  Rate              // connections

	// The conversation.
	Greeting []string      // sent soon after the handshake
	Talk     []Exchange    // the subscriber must have this conversation, in this order
	Within   time.Duration // of the handshake, for all of Talk
	Aside    []Exchange    // the subscriber may say this at any time
	Refusal  string        // the answer to a subscription that is not granted

	// Signs of life.
	Ping  Ping          // WebSocket pings of the server
	Beats []Beat        // frames sent once subscribed, none of them for clients
	Needs []Need        // the subscriber must say this again and again
	Idle  time.Duration // longest time without a frame in either direction
	Rate  Rate          // frames of the subscriber

	// The feed.
	Data   func(n int) Data
	Cursor func(query string) (n int, ok bool) // the first message of a session that asks for the past
	Life   time.Duration                       // of a connection
	Bye    []string                            // announces a planned end
	Grace  time.Duration                       // from Bye to the end
}

// Exchange is a frame of the subscriber and the answers to it.
type Exchange struct {
	Hears    string
	Answers  []string // may hold $1 and so on
	Answered bool     // must not be said before everything earlier was answered
}

// Ping says how often the server pings, and when a pong is late.
type Ping struct{ Every, Within time.Duration }

// Beat is a frame that the server sends at an interval. {n} in it stands for a rising
// number, and in Answer for the same number.
type Beat struct {
	Every  time.Duration
	Frame  string
	Answer string // the frame that must come back; empty = none
	Within time.Duration
}

// Need is a frame that a subscriber must send at least once in each interval.
type Need struct {
	Hears string
	Every time.Duration
}

// Rate bounds events: at most N in any span of Per. If Pongs is set, the subscriber's
// pongs count.
type Rate struct {
	N     int
	Per   time.Duration
	Pongs bool
}

// Data is one frame of the feed and the messages that a relay must make of it.
type Data struct {
	Frame    string
	Messages []string // nil = the frame as it is
}

// messages returns the messages that a relay must make of the frame.
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
