package load

import (
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"time"
)

// probePeriod is the time between two probes.
const probePeriod = 10 * time.Millisecond

// probe receives the time on a loopback connection.
type probe struct {
	tally *tally
	have  [8]byte
	n     int
}

// take records the age of each time in ns.
func (p *probe) take(b []byte) ([]byte, error) {
	now := time.Now().UnixNano()
	for len(b) > 0 {
		k := copy(p.have[p.n:], b)
		p.n, b = p.n+k, b[k:]
		if p.n == len(p.have) {
			p.tally.lag(now - int64(binary.BigEndian.Uint64(p.have[:])))
			p.n = 0
		}
	}
	return nil, nil
}

func (p *probe) ended(error) {}

// probes sends the time. One goroutine serves all connections.
type probes struct {
	conns []net.Conn
	stop  chan struct{} // closed by close
	wg    sync.WaitGroup
}

// startProbes gives each shard of e a probe. Call close after the engine's close.
func startProbes(e engine, tallies []*tally) (*probes, error) {
	p := &probes{stop: make(chan struct{})}
	for i, t := range tallies {
		near, far, err := loopback()
		if err == nil {
			p.conns = append(p.conns, near)
			err = e.add(i, far, &probe{tally: t}, nil)
		}
		if err != nil {
			p.close()
			return nil, fmt.Errorf("load: the probe: %w", err)
		}
	}
	p.wg.Go(p.send) // ended by close
	return p, nil
}

// send writes the time to all probes. It never waits for long, since no probe is behind
// by as many of these small writes as a socket holds.
func (p *probes) send() {
	tick := time.NewTicker(probePeriod)
	defer tick.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-tick.C:
		}
		for _, c := range p.conns {
			c.SetWriteDeadline(time.Now().Add(probePeriod))
			c.Write(binary.BigEndian.AppendUint64(nil, uint64(time.Now().UnixNano())))
		}
	}
}

func (p *probes) close() {
	close(p.stop)
	p.wg.Wait()
	for _, c := range p.conns {
		c.Close()
	}
}

// loopback returns the two ends of a TCP connection.
func loopback() (near, far net.Conn, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	if near, err = net.Dial("tcp", l.Addr().String()); err != nil {
		return nil, nil, err
	}
	if far, err = l.Accept(); err != nil {
		near.Close()
		return nil, nil, err
	}
	return near, far, nil
}
