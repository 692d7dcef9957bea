package broker

import (
	"errors"
	"testing"

	"fantail/feed/driver"
)

func TestGoOn(t *testing.T) {
	words := Losses{errors.New("recreated"), errors.New("lost its end"), errors.New("trimmed")}
	for _, tt := range []struct {
		about  string
		place  Place
		kept   Kept
		to     Onward
		lost   driver.Loss
		starts bool
	}{
		{"new messages, at first", Place{}, Kept{}, AtEnd, driver.Loss{}, true},
		{"new messages again, without a place", Place{Begun: true}, Kept{Missing: 3}, AtEnd, driver.Loss{}, false},
		{"from a place, at first", Place{Known: true}, Kept{}, Follows, driver.Loss{}, true},
		{"on behind it", Place{true, true}, Kept{}, Follows, driver.Loss{}, false},
		{"trimmed", Place{true, true}, Kept{Missing: 3}, FromFirst, driver.Loss{Missed: 3, Detail: words.Trimmed}, true},
		{"fewer than were read", Place{true, true}, Kept{Missing: -1}, FromFirst, driver.Loss{Detail: words.Recreated}, true},
		{"recreated", Place{true, true}, Kept{Recreated: true}, FromFirst, driver.Loss{Detail: words.Recreated}, true},
		{"recreated and trimmed", Place{true, true}, Kept{Recreated: true, Missing: 2}, FromFirst, driver.Loss{Missed: 2, Detail: words.Trimmed}, true},
		{"it ends before the place", Place{true, true}, Kept{Short: true}, AtEnd, driver.Loss{Detail: words.LostEnd}, true},
		{"it ends before the place, at first", Place{Known: true}, Kept{Short: true, Missing: 9}, AtEnd, driver.Loss{Detail: words.LostEnd}, true},
	} {
		if to, lost, starts := GoOn(tt.place, tt.kept, words); to != tt.to || lost != tt.lost || starts != tt.starts {
			t.Errorf("%s: %v, %+v, starts %v; want %v, %+v, %v", tt.about, to, lost, starts, tt.to, tt.lost, tt.starts)
		}
	}
}
