package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"fantail/feed/recording"
	"fantail/hub"
)

// summary sums a recording up.
type summary struct {
	messages [2]int64 // by hub.Kind
	bytes    uint64
	first    int64 // ns; the time from which its pace counts
	last     int64 // ns; the latest time
}

// summarize reads the whole recording at path. Its error names the line.
func summarize(ctx context.Context, path string) (summary, error) {
	var s summary
	err := eachRecord(path, func(r recording.Record) error {
		s.add(r)
		return ctx.Err()
	})
	if err == nil && s.messages == [2]int64{} {
		err = fmt.Errorf("%s holds no message; a recording has lines of a time in ns, a TAB and the message", path)
	}
	return s, err
}

func (s *summary) add(r recording.Record) {
	s.messages[r.Kind]++
	s.bytes += uint64(len(r.Payload))
	if s.first <= 0 {
		s.first = r.Time
	}
	s.last = max(s.last, r.Time)
}

// String returns for example "1,200 text messages, 350 KiB, 60.0 s".
func (s summary) String() string {
	var kinds []string
	for kind, n := range s.messages {
		if n > 0 {
			kinds = append(kinds, fmt.Sprintf("%s %s", humanize.Comma(n), hub.Kind(kind)))
		}
	}
	text := strings.Join(kinds, " and ") + " messages, " + humanize.IBytes(s.bytes)
	if s.last <= s.first {
		return text + ", without timing: sent without a pause"
	}
	return fmt.Sprintf("%s, %.1f s", text, time.Duration(s.last-s.first).Seconds())
}

// eachRecord calls do with each message of the recording at path. It stops at the first
// error and returns it.
func eachRecord(path string, do func(recording.Record) error) (err error) {
	rec, err := recording.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rec.Close()) }()
	for {
		r, err := rec.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = do(r)
		}
		if err != nil {
			return err
		}
	}
}
