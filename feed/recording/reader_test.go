package recording

import (
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"fantail/hub"
)

// copied is a Record whose payload may be kept.
type copied struct {
	time    int64
	kind    hub.Kind
	payload string
}

// readAll returns the records up to the first error, nil for io.EOF.
func readAll(r *Reader) ([]copied, error) {
	var got []copied
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return got, nil
		}
		if err != nil {
			return got, err
		}
		got = append(got, copied{rec.Time, rec.Kind, string(rec.Payload)})
	}
}

func TestRecordingForms(t *testing.T) {
	big := strings.Repeat("y", 709<<10)
	tests := []struct {
		name, file, in string
		want           []copied
	}{
		{"headless text", "a.ndjson", "1\t{}\n2\tb\n", []copied{{1, hub.Text, "{}"}, {2, hub.Text, "b"}}},
		{"cut at the first TAB", "a.txt", "1\ta\tb\n", []copied{{1, hub.Text, "a\tb"}}},
		{"empty message", "a.txt", "1\t\n", []copied{{1, hub.Text, ""}}},
		{"CR belongs to the message", "a.txt", "1\ta\r\n", []copied{{1, hub.Text, "a\r"}}},
		{"no LF at the end", "a.txt", "1\ta", []copied{{1, hub.Text, "a"}}},
		{"zero and negative times", "a.txt", "0\ta\n-5\tb\n", []copied{{0, hub.Text, "a"}, {-5, hub.Text, "b"}}},
		{"large message", "a.txt", "1\t" + big + "\n", []copied{{1, hub.Text, big}}},
		{"headless binary", "a.b64.txt", "0\tAP8=\n", []copied{{0, hub.Binary, "\x00\xff"}}},
		{"headed", "a", "#fantail 1\n1\tt\ta\tb\n2\tb64t\tYQ0KYg==\n3\tb64\tAP8=\n",
			[]copied{{1, hub.Text, "a\tb"}, {2, hub.Text, "a\r\nb"}, {3, hub.Binary, "\x00\xff"}}},
		{"a head wins over the name", "a.b64.txt", "#fantail 1\n1\tt\tAP8=\n", []copied{{1, hub.Text, "AP8="}}},
		{"a head alone", "a", "#fantail 1\n", nil},
		{"empty file", "a", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readAll(newReader(strings.NewReader(tt.in), tt.file))
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(tt.want) {
				t.Fatalf("got %d records, want %d", len(got), len(tt.want))
			}
			for i := range got {
				if got[i] != tt.want[i] {
					t.Errorf("record %d: got %.80v, want %.80v", i, got[i], tt.want[i])
				}
			}
		})
	}
}

func TestRecordingErrorsNameFileAndLine(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"no TAB", "1\ta\nnonsense\n", "line 2 has no TAB"},
		{"bad time", "soon\ta\n", `line 1 starts with "soon"`},
		{"time beyond int64", "99999999999999999999\ta\n", "line 1 starts with"},
		{"other version", "#fantail 2\n", `line 1 is "#fantail 2", but this version reads "#fantail 1" only`},
		{"no kind", "#fantail 1\n1\ta\n", "line 2 has no TAB after its kind"},
		{"unknown kind", "#fantail 1\n1\tx\ta\n", `line 2 has kind "x"; the kinds are t, b64t and b64`},
		{"bad base64", "#fantail 1\n1\tb64\t!\n", "line 2 holds no valid base64"},
		{"cut short", "#fantail 1\n1\tt\ta\n2\tt\tb", "line 3 is cut short"},
		{"too long", "1\ta\n" + strings.Repeat("x", MaxLine+1) + "\n", "line 2 is longer than 64 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readAll(newReader(strings.NewReader(tt.in), "day.rec"))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "day.rec") {
				t.Errorf("got %v, want it to say %q and the file", err, tt.want)
			}
		})
	}
}

func TestRecordingPassesReadErrorsOn(t *testing.T) {
	bad := errors.New("bad sector")
	if _, err := newReader(iotest.ErrReader(bad), "a").Next(); !errors.Is(err, bad) {
		t.Errorf("got %v", err)
	}
}

func TestOpenRecording(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(path, []byte("7\tx\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := readAll(r)
	if err != nil || len(got) != 1 || got[0] != (copied{7, hub.Text, "x"}) {
		t.Errorf("got %v, %v", got, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Open(path + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: got %v", err)
	}
}

// FuzzRecording checks that any file is read to its end without a panic, and that a Writer and
// a Reader keep what was read.
func FuzzRecording(f *testing.F) {
	f.Add([]byte("1\ta\n2\tb"), false)
	f.Add([]byte("#fantail 1\n1\tt\ta\n2\tb64t\tYQ0KYg==\n3\tb64\tAP8=\n"), false)
	f.Add([]byte("0\t"+base64.StdEncoding.EncodeToString([]byte{0, 255})+"\n"), true)
	f.Fuzz(func(t *testing.T, in []byte, binary bool) {
		name := "a.txt"
		if binary {
			name = "a" + binarySuffix
		}
		read, _ := readAll(newReader(strings.NewReader(string(in)), name))
		roundTrip(t, read)
	})
}

func BenchmarkRecording(b *testing.B) {
	file := strings.Repeat("1\t"+strings.Repeat("x", 200)+"\n", 1000)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		r := newReader(strings.NewReader(file), "a.txt")
		for {
			if _, err := r.Next(); err != nil {
				break
			}
		}
	}
}
