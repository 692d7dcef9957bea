package broker

import "fantail/feed/driver"

// FollowDemand calls change with each change of the demand until the connection ends. If
// change fails the connection is closed, and the stream's Next says why.
func FollowDemand(d driver.Demand, life *Lifeline, change func(wanted, unwanted []string) error) {
	for {
		select {
		case <-life.done:
			return
		case <-d.Changed():
		}
		if change(d.Changes()) != nil {
			life.Close()
			return
		}
	}
}
