package feed

import (
	"fmt"
	"strings"
	"time"

	"fantail/hub"
)

// playFailover plays a script of TestFailoverPlays over three sources and returns
// the actions.
func playFailover(script string) string {
	var did []string
	f := newFailover([]int{0, 1, 2}, time.Minute)
	f.start = func(i int) { did = append(did, fmt.Sprint(i, "+")) }
	f.stop = func(i int) { did = append(did, fmt.Sprint(i, "-")) }
	f.changed = func(to int) { did = append(did, fmt.Sprint(to, ">")) }
	f.publish = func(from int, _ hub.Input) { did = append(did, fmt.Sprint(from, "=")) }
	now := time.Now()
	f.begin(now)
	for word := range strings.FieldsSeq(script) {
		var i int
		fmt.Sscan(strings.TrimRight(word, "udmep"), &i)
		switch word[len(word)-1] {
		case 'u':
			f.up(now, i)
		case 'd':
			f.down(now, i, time.Second, false)
		case 'p':
			f.down(now, i, time.Second, true)
		case 'm':
			f.message(now, i, hub.Input{})
		case 'e':
			f.ended(now, i)
		default: // time passes
			end := now.Add(time.Duration(i) * time.Second)
			for at := f.due(); !at.IsZero() && !at.After(end); at = f.due() {
				now = at
				f.wake(now)
			}
			now = end
		}
	}
	return strings.Join(did, " ")
}
