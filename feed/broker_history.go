package feed

import "fantail/feed/driver"

// place is where a reader stands in a stream that a broker keeps.
type place struct {
	known bool // it stands behind a message; else it begins with what is new
	begun bool // the stream was found before
}

// kept is what the broker says of the stream, held against the place.
type kept struct {
	remade  bool  // it is another stream of the same name
	short   bool  // it ends before the place
	missing int64 // messages behind the place that are not kept any more; below 0 = fewer were ever added than were read
}

// losses are what may have befallen a stream, in the words of its broker.
type losses struct {
	madeAnew, lostEnd, trimmed error
}

// onward says where a reader goes on.
type onward uint8

const (
	follows   onward = iota // behind its place
	fromFirst               // with the first message that is kept
	atEnd                   // with what is added from here on
)

// goOn says where a reader goes on, and what it has lost. starts reports whether a
// numbering starts there: at first, and behind a loss.
func goOn(p place, k kept, words losses) (to onward, lost driver.Loss, starts bool) {
	switch {
	case !p.known:
		to = atEnd
	case k.short: // to begin with its first message could repeat what was read
		to, lost.Detail = atEnd, words.lostEnd
	case k.missing > 0:
		to, lost = fromFirst, driver.Loss{Missed: uint64(k.missing), Detail: words.trimmed}
	case k.missing < 0, k.remade:
		to, lost.Detail = fromFirst, words.madeAnew
	}
	return to, lost, lost.Detail != nil || !p.begun
}
