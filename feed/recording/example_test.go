package recording_test

import (
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"time"

	"fantail/feed/recording"
	"fantail/hub"
)

// A recording is written and read back, byte for byte.
func Example() {
	dir, err := os.MkdirTemp("", "recording")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "feed.tsv")
	file, err := os.Create(path)
	if err != nil {
		log.Fatal(err)
	}
	w := recording.NewWriter(file)
	received := time.Unix(1_700_000_000, 0)
	for _, m := range []struct {
		kind    hub.Kind
		payload string
	}{{hub.Text, `{"price":61250}`}, {hub.Text, "two\nlines"}, {hub.Binary, "\x00\x01"}} {
		if err := w.Write(received, m.kind, []byte(m.payload)); err != nil {
			log.Fatal(err)
		}
		received = received.Add(250 * time.Millisecond)
	}
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}

	r, err := recording.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	for {
		record, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d %v %q\n", record.Time, record.Kind, record.Payload)
	}
	// Output:
	// 1700000000000000000 text "{\"price\":61250}"
	// 1700000000250000000 text "two\nlines"
	// 1700000000500000000 binary "\x00\x01"
}

// A Pace says how long to wait for each record. Here the recording is played twice as fast
// as it was received, and the clock stands still.
func ExamplePace() {
	pace, now := recording.NewPace(2), time.Now()
	start := time.Unix(1_700_000_000, 0)
	for _, after := range []time.Duration{0, time.Second, 3 * time.Second} {
		fmt.Println(pace.Wait(start.Add(after).UnixNano(), now))
	}
	// Output:
	// 0s
	// 500ms
	// 1.5s
}
