package recording

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"fantail/feed/driver"
	"fantail/hub"
)

// maxSpeed bounds speed=. At that speed every recording is played as fast as possible.
const maxSpeed = 1e9

// replayDriver plays a recording: replay:FILE?speed=N&loop=1.
type replayDriver struct {
	path  string
	speed float64
	loop  bool
}

// NewReplay returns the driver of replay:. It reads the first message of the recording, so that
// a file that is missing or no recording is an error now.
func NewReplay(o driver.Options) (driver.Driver, error) {
	path, query, err := driver.SplitLocal(o.URL)
	if err != nil {
		return nil, err
	}
	speed, errSpeed := query.Positive("speed", 1, maxSpeed)
	loop, errLoop := query.Flag("loop")
	return &replayDriver{path, speed, loop}, errors.Join(errSpeed, errLoop, query.Rest("speed", "loop"), checkRecording(path))
}

// checkRecording returns what is wrong with a recording's beginning.
func checkRecording(path string) error {
	if path == "" {
		return errors.New("feed: the source URL names no recording; write it as replay:FILE")
	}
	r, err := Open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err = r.Next(); err == io.EOF {
		return fmt.Errorf("feed: recording %s holds no message", path)
	}
	return err
}

// Open opens the recording.
func (d *replayDriver) Open(ctx context.Context) (driver.Stream, error) {
	rec, err := Open(d.path)
	if err != nil {
		return nil, err
	}
	return &replayStream{ctx: ctx, driver: d, rec: rec, pace: NewPace(d.speed)}, nil
}

// replayStream plays the recording, once or in a loop. One goroutine uses it.
type replayStream struct {
	ctx    context.Context
	driver *replayDriver
	rec    *Reader
	pace   *Pace
	in     hub.Input
	empty  bool // the present round has brought no message yet; if it brings none, the loop ends
}

// Next waits until the next record is due, and returns its event.
func (s *replayStream) Next() (driver.Event, error) {
	rec, err := s.rec.Next()
	if err == io.EOF && s.driver.loop && !s.empty {
		s.empty = true
		if err = s.rewind(); err == nil {
			return s.Next()
		}
	}
	if err != nil {
		return driver.Event{}, err
	}
	s.empty = false
	if !driver.Sleep(s.ctx, s.pace.Wait(rec.Time, time.Now())) {
		return driver.Event{}, s.ctx.Err()
	}
	s.in = hub.Input{Kind: rec.Kind, Payload: rec.Payload}
	return driver.Message(&s.in), nil
}

// rewind starts the recording from its beginning, with a new anchor.
func (s *replayStream) rewind() error {
	rec, err := Open(s.driver.path)
	if err != nil {
		return err
	}
	s.rec.Close()
	s.rec, s.pace = rec, NewPace(s.driver.speed)
	return nil
}

// Close closes the recording.
func (s *replayStream) Close() { s.rec.Close() }
