package cmdtest

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"fantail/feed"
	"fantail/hub"
)

// Message is a received or recorded message that can be compared.
type Message struct {
	Kind    hub.Kind
	Payload string
}

// Text and Binary return messages.
func Text(payload string) Message   { return Message{hub.Text, payload} }
func Binary(payload string) Message { return Message{hub.Binary, payload} }

// Record writes messages, a step apart, as a headed recording.
func Record(t testing.TB, step time.Duration, messages ...Message) (file string) {
	t.Helper()
	var b bytes.Buffer
	w := feed.NewRecorder(&b)
	for i, m := range messages {
		if err := w.Write(time.Unix(1000, 0).Add(time.Duration(i)*step), m.Kind, []byte(m.Payload)); err != nil {
			t.Fatal(err)
		}
	}
	file = filepath.Join(t.TempDir(), "feed.rec")
	WriteFile(t, file, b.String())
	return file
}
