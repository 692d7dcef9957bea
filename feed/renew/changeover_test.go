package renew

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"fantail/feed/driver"
	"fantail/feed/stage"
	"fantail/hub"
)

var actionWords = map[action]string{
	openNext: "open", awaitMatch: "match?", awaitTail: "tail?", leaveOld: "leave", retryNext: "retry",
	replaceOld: "replace", replaceLost: "lost", endStream: "end",
}

// TestChangeover plays a renewal. In its words the present connection (o) or the next one (n)
// brings a message, as in o3 and n3; + opens the next one, and t makes the wait due; o! and n! lose
// a connection, and o. ends one for good. Published messages and actions are listed in order.
func TestChangeover(t *testing.T) {
	for _, tt := range []struct{ about, in, want string }{
		{"one connection", "o1 o2 o2", "1 2 2"},
		{"it is old", "o1 t", "1 open"},
		{"renewed", "o1 t + n2 o2 n3 t o! o4", "1 open match? 2 tail? 3 leave replace 4"},
		{"the new one leads", "o1 t + n3 o2 o3 t o! o4", "1 open match? 2 3 tail? leave replace 4"},
		{"both quiet", "o1 t + t o! o2", "1 open match? leave replace 2"},
		{"what was held when both were quiet", "o1 t + n2 t o2 o! o3", "1 open match? 2 leave replace 3"},
		{"the new one is lost", "o1 t + n2 n! o2 t +", "1 open match? retry 2 open match?"},
		{"the old one is lost before", "o1 o!", "1 end"},
		{"the old one is lost within", "o1 t + n2 o! o3", "1 open match? 2 lost 3"},
		{"the old one can never be read on", "o1 t + n2 o.", "1 open match? end"},
		{"renewed twice", "o1 t + n2 o2 t o! o3 t + n4 o4 t o! o5", "1 open match? 2 tail? leave replace 3 open match? 4 tail? leave replace 5"},
	} {
		ids, err := stage.NewIdentifier(stage.ByHash)
		if err != nil {
			t.Fatal(err)
		}
		c := &changeover{ids: ids, old: ids.Join()}
		var got []string
		for step := range strings.FieldsSeq(tt.in) {
			m := identified{Event: driver.Message(&hub.Input{Payload: []byte(step[1:])})}
			m.id, m.has = ids.Of(m.Message)
			var out []driver.Event
			var do action
			switch step {
			case "+":
				do = c.opened(ids.Join())
			case "t":
				out, do = c.due(nil)
			case "o!":
				out, do = c.oldEnded(nil, driver.Fail(driver.ReasonLost, "lost"))
			case "o.":
				out, do = c.oldEnded(nil, errors.New("never again"))
			case "n!":
				do = c.nextEnded()
			default:
				if step[0] == 'o' {
					out, do = c.fromOld(nil, m)
				} else {
					out, do = c.fromNext(nil, m)
				}
			}
			for _, ev := range out {
				if ev.Kind == driver.KindMessage {
					got = append(got, string(ev.Message.Payload))
				}
			}
			if do != carryOn {
				got = append(got, actionWords[do])
			}
		}
		if want := strings.Fields(tt.want); !slices.Equal(got, want) {
			t.Errorf("%s: %s\n got %v\nwant %v", tt.about, tt.in, fmt.Sprint(got), want)
		}
	}
}
