package feed

import (
	"context"
	"io"
	"testing"

	"github.com/rs/zerolog"

	"fantail/feed/driver"
	"fantail/feed/stage"
	"fantail/hub"
)

// repeating is a driver whose stream brings the same message n times.
type repeating struct {
	payload []byte
	n       int
	in      hub.Input
}

func (d *repeating) Open(context.Context) (driver.Stream, error) { return d, nil }
func (d *repeating) Close()                                      {}

func (d *repeating) Next() (driver.Event, error) {
	if d.n == 0 {
		return driver.Event{}, io.EOF
	}
	d.n--
	d.in = hub.Input{Payload: d.payload}
	return driver.Message(&d.in), nil
}

// uncounted is a Publisher that keeps nothing.
type uncounted struct{ n int }

func (d *uncounted) Publish(hub.Input) { d.n++ }

// BenchmarkStages measures what a message costs between its driver and Publish.
func BenchmarkStages(b *testing.B) {
	for _, tt := range []struct {
		name string
		cfg  Config
	}{
		{"none", Config{}},
		{"rules, cursor, id", Config{
			Messages: Messages{Rules: func() ([]stage.Rule, error) { return []stage.Rule{{Match: "^nothing", Do: stage.Drop}}, nil }, Cursor: "re:^{\"n\":([0-9]+)", ID: "hash"},
		}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			d, out := &repeating{payload: []byte(`{"n":1}`), n: b.N}, &uncounted{}
			s := openSource(d, "repeating", &direct{Publisher: out}, zerolog.Nop())
			ids, err := stage.NewIdentifier(tt.cfg.Messages.ID)
			if err != nil {
				b.Fatal(err)
			}
			cursor, err := stage.NewCursor(tt.cfg.Messages.Cursor, "{cursor}")
			if tt.cfg.Messages.Cursor == "" {
				cursor, err = nil, nil
			}
			if err != nil {
				b.Fatal(err)
			}
			s.assemble(tt.cfg, ids, cursor)
			b.ReportAllocs()
			b.ResetTimer()
			if err := s.run(b.Context()); err != io.EOF || out.n != b.N {
				b.Fatal(out.n, err)
			}
		})
	}
}
