package feed

import (
	"errors"
	"testing"

	"fantail/feed/driver"
)

func TestGoOn(t *testing.T) {
	words := losses{errors.New("made anew"), errors.New("lost its end"), errors.New("trimmed")}
	for _, tt := range []struct {
		about  string
		place  place
		kept   kept
		to     onward
		lost   driver.Loss
		starts bool
	}{
		{"new messages, at first", place{}, kept{}, atEnd, driver.Loss{}, true},
		{"new messages again, without a place", place{begun: true}, kept{missing: 3}, atEnd, driver.Loss{}, false},
		{"from a place, at first", place{known: true}, kept{}, follows, driver.Loss{}, true},
		{"on behind it", place{true, true}, kept{}, follows, driver.Loss{}, false},
		{"trimmed", place{true, true}, kept{missing: 3}, fromFirst, driver.Loss{Missed: 3, Detail: words.trimmed}, true},
		{"fewer than were read", place{true, true}, kept{missing: -1}, fromFirst, driver.Loss{Detail: words.madeAnew}, true},
		{"made anew", place{true, true}, kept{remade: true}, fromFirst, driver.Loss{Detail: words.madeAnew}, true},
		{"made anew and trimmed", place{true, true}, kept{remade: true, missing: 2}, fromFirst, driver.Loss{Missed: 2, Detail: words.trimmed}, true},
		{"it ends before the place", place{true, true}, kept{short: true}, atEnd, driver.Loss{Detail: words.lostEnd}, true},
		{"it ends before the place, at first", place{known: true}, kept{short: true, missing: 9}, atEnd, driver.Loss{Detail: words.lostEnd}, true},
	} {
		if to, lost, starts := goOn(tt.place, tt.kept, words); to != tt.to || lost != tt.lost || starts != tt.starts {
			t.Errorf("%s: %v, %+v, starts %v; want %v, %+v, %v", tt.about, to, lost, starts, tt.to, tt.lost, tt.starts)
		}
	}
}
