package broker

import "fantail/feed/driver"

// Place is where a reader stands in a stream that a broker keeps.
type Place struct {
	Known bool // it stands behind a message; otherwise it begins with new messages
	Begun bool // the stream was found before
}

// Kept is what the broker still has of the stream, compared with the place.
type Kept struct {
	Recreated bool  // it is another stream of the same name
	Short     bool  // it ends before the place
	Missing   int64 // messages behind the place that are no longer kept; below 0 = fewer were ever added than were read
}

// Losses are the texts that say what happened to a stream, in the words of its broker.
type Losses struct {
	Recreated error // it is another stream of the same name
	LostEnd   error // it ends before the place
	Trimmed   error // messages behind the place are no longer kept
}

// Onward says where a reader goes on.
type Onward uint8

const (
	Follows   Onward = iota // behind its place
	FromFirst               // with the first message that is kept
	AtEnd                   // with messages that are added from now on
)

// GoOn returns where a reader goes on, and what it has lost. starts reports whether a
// numbering starts there: when the stream is first found, and after a loss. It is pure.
func GoOn(p Place, k Kept, words Losses) (to Onward, lost driver.Loss, starts bool) {
	switch {
	case !p.Known:
		to = AtEnd
	case k.Short: // beginning with its first message could repeat what was read
		to, lost.Detail = AtEnd, words.LostEnd
	case k.Missing > 0:
		to, lost = FromFirst, driver.Loss{Missed: uint64(k.Missing), Detail: words.Trimmed}
	case k.Missing < 0, k.Recreated:
		to, lost.Detail = FromFirst, words.Recreated
	}
	return to, lost, lost.Detail != nil || !p.Begun
}
