package hub

import (
	"math"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// TestStopTheWorldUnderSaturatedPumps bounds what pumps that never rest do to the rest of the process: a loop around raw system calls has
// no preemption point of its own (see doc.go). Where others use the machine, the
// kernel takes cores away for milliseconds: a round that fails is repeated, and
// measured against goroutines in the pumps' place that can be stopped anywhere.
// FULL=1 makes it one round of ten seconds.
func TestStopTheWorldUnderSaturatedPumps(t *testing.T) {
	rounds, length := 30, 500*time.Millisecond
	if os.Getenv("FULL") == "1" {
		rounds, length = 1, 10*time.Second
	}
	bounds := figures{Stop: worldBound, Wake: wakeBound, Close: closeBound, Writes: 3 * worldClients}
	for range rounds {
		f := measureWorld(t, length)
		t.Logf("%+v", f)
		if f.within(bounds) {
			return
		}
		idle := measureSpinners(t, length)
		t.Logf("%+v beside goroutines that spin", idle)
		machine := bounds
		machine.Stop, machine.Wake, machine.Close = max(bounds.Stop, 2*idle.Stop), max(bounds.Wake, 2*idle.Wake), max(bounds.Close, 2*idle.Wake)
		if f.within(machine) {
			return
		}
	}
	t.Errorf("no round of %d kept the bounds: stop %v, wake %v, close %v", rounds, worldBound, wakeBound, closeBound)
}

const (
	worldBound = time.Millisecond
	wakeBound  = 20 * time.Millisecond
	closeBound = 100 * time.Millisecond

	worldClients = 1000
)

// figures are what one round measured.
type figures struct {
	Stop   time.Duration // until the world stands still, p99
	Pause  time.Duration // until it goes on, p99: the collector's work and the kernel's wake-ups too
	Wake   time.Duration // how late the source was woken, p99
	Close  time.Duration // how long Hub.Close took
	Writes uint64
}

// within reports whether the bounds were kept, by pumps that had enough to do.
func (f figures) within(bounds figures) bool {
	return f.Stop < bounds.Stop && f.Wake < bounds.Wake && f.Close < bounds.Close && f.Writes >= bounds.Writes
}

func measureWorld(t *testing.T, length time.Duration) figures {
	fd, err := syscall.Open("/dev/null", syscall.O_WRONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	h := running(t, Config{})
	for range worldClients {
		h.enter(rawConn{fd: fd}, h.Live())
	}
	h.enter(newConn(t, 10), h.Live()) // its drainer stays parked
	f := measurePauses(h.Hub, length)
	began := time.Now()
	h.Close()
	f.Close = time.Since(began)
	f.Writes = h.Stats().Writes
	return f
}

// measureSpinners is measureWorld with a goroutine that only computes in each
// pump's place.
func measureSpinners(t *testing.T, length time.Duration) figures {
	h := running(t, Config{})
	defer h.Close()
	var done atomic.Bool
	var spinners sync.WaitGroup
	defer spinners.Wait()
	defer done.Store(true)
	for range h.pumps {
		spinners.Go(func() { // ended by done
			for !done.Load() {
			}
		})
	}
	return measurePauses(h.Hub, length)
}

func measurePauses(h *Hub, length time.Duration) (f figures) {
	stop, pause := pausesOf("stopping"), pausesOf("total")
	late := saturate(h, length)
	f.Stop, f.Pause = stop.quantile(0.99), pause.quantile(0.99)
	slices.Sort(late)
	f.Wake = late[len(late)*99/100]
	return f
}

// rawConn writes by a raw system call, of which the scheduler knows nothing.
type rawConn struct {
	nullConn
	fd int
}

func (r rawConn) TryWrite(p []byte) (int, error) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(r.fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// saturate publishes as a source that wakes once a millisecond, so that the pumps
// never rest, and has the collector stop the world every 5 ms. It returns how
// late each wake-up was.
func saturate(h *Hub, run time.Duration) (late []time.Duration) {
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() { // ended by done
		defer close(stopped)
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			select {
			case <-tick.C:
				runtime.GC()
			case <-done:
				tick.Stop()
				return
			}
		}
	}()
	payload := testPayload(1, 200)
	for end := time.Now().Add(run); time.Now().Before(end); {
		due := time.Now().Add(time.Millisecond)
		time.Sleep(time.Millisecond)
		late = append(late, max(0, time.Since(due)))
		for range 2 {
			h.Publish(Input{Payload: payload})
		}
	}
	close(done)
	<-stopped
	return late
}

// histogram is a runtime metric of stop-the-world pauses, and its counts when
// it was made.
type histogram struct {
	name   string
	before []uint64
}

// pausesOf starts to count pauses of the collector: "stopping" is the time until
// all goroutines stand still, which is the pumps' part; "total" ends when they
// have been woken again.
func pausesOf(part string) histogram {
	h := histogram{name: "/sched/pauses/" + part + "/gc:seconds"}
	h.before = h.read().Counts
	return h
}

func (h histogram) read() *metrics.Float64Histogram {
	s := []metrics.Sample{{Name: h.name}}
	metrics.Read(s)
	return s[0].Value.Float64Histogram()
}

// quantile returns the upper edge of the bucket that holds quantile q of what
// was counted since h was made.
func (h histogram) quantile(q float64) time.Duration {
	now, sum := h.read(), uint64(0)
	for i := range now.Counts {
		now.Counts[i] -= h.before[i]
		sum += now.Counts[i]
	}
	rank, seen := uint64(math.Ceil(q*float64(sum))), uint64(0)
	for i, n := range now.Counts {
		if seen += n; seen >= rank {
			return time.Duration(now.Buckets[i+1] * float64(time.Second))
		}
	}
	return 0
}
