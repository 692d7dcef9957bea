package broker

import "fantail/feed/driver"

// Place is where a reader stands in a stream that a broker keeps.
type Place struct {
	Known bool // it stands behind a message; else it begins with what is new
	Begun bool // the stream was found before
}

// Kept is what the broker says of the stream, held against the place.
type Kept struct {
	Remade  bool  // it is another stream of the same name
	Short   bool  // it ends before the place
	Missing int64 // messages behind the place that are not kept any more; below 0 = fewer were ever added than were read
}

// Losses are what may have befallen a stream, in the words of its broker.
type Losses struct {
	MadeAnew, LostEnd, Trimmed error
}

// Onward says where a reader goes on.
type Onward uint8

const (
	Follows   Onward = iota // behind its place
	FromFirst               // with the first message that is kept
	AtEnd                   // with what is added from here on
)

// GoOn says where a reader goes on, and what it has lost. starts reports whether a
// numbering starts there: at first, and behind a loss.
func GoOn(p Place, k Kept, words Losses) (to Onward, lost driver.Loss, starts bool) {
	switch {
	case !p.Known:
		to = AtEnd
	case k.Short: // to begin with its first message could repeat what was read
		to, lost.Detail = AtEnd, words.LostEnd
	case k.Missing > 0:
		to, lost = FromFirst, driver.Loss{Missed: uint64(k.Missing), Detail: words.Trimmed}
	case k.Missing < 0, k.Remade:
		to, lost.Detail = FromFirst, words.MadeAnew
	}
	return to, lost, lost.Detail != nil || !p.Begun
}
