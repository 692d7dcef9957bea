package broker

import "fantail/feed/driver"

// FollowDemand has change do what demand asks for until a connection ends. One over
// which that fails is given up: its next says why.
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
