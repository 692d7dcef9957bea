package cmdtest

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"fantail/feed/recording"
	"fantail/hub"
)

// Message is a message, received or recorded, that can be compared.
type Message struct {
	Kind    hub.Kind
	Payload string
}

// Text returns a text message.
func Text(payload string) Message { return Message{hub.Text, payload} }

// Binary returns a binary message.
func Binary(payload string) Message { return Message{hub.Binary, payload} }

// Record writes a recording with a head, whose messages are a step apart, and returns
// its file.
func Record(t testing.TB, step time.Duration, messages ...Message) (file string) {
	t.Helper()
	var b bytes.Buffer
	w := recording.NewWriter(&b)
	for i, m := range messages {
		if err := w.Write(time.Unix(1000, 0).Add(time.Duration(i)*step), m.Kind, []byte(m.Payload)); err != nil {
			t.Fatal(err)
		}
	}
	file = filepath.Join(t.TempDir(), "feed.rec")
	WriteFile(t, file, b.String())
	return file
}
