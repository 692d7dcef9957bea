package recording

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"fantail/hub"
)

// roundTrip records the messages and reads them back.
func roundTrip(t *testing.T, want []copied) {
	t.Helper()
	var file bytes.Buffer
	w := NewWriter(&file)
	for _, m := range want {
		if err := w.Write(time.Unix(0, m.time), m.kind, []byte(m.payload)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := readAll(newReader(&file, "a"+binarySuffix))
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("read back %.200v, %v; want %.200v", got, err, want)
	}
}

func TestRecorderPinnedBytes(t *testing.T) {
	var file bytes.Buffer
	w := NewWriter(&file)
	for _, m := range []struct {
		t       time.Time
		kind    hub.Kind
		payload string
	}{
		{time.Unix(1, 5), hub.Text, `{"a":1}`},
		{time.Unix(2, 0), hub.Text, "PING :x\r\n"},
		{time.Time{}, hub.Binary, "\x00\xff"},
		{time.Unix(3, 0), hub.Text, "not UTF-8: \xff"},
	} {
		if err := w.Write(m.t, m.kind, []byte(m.payload)); err != nil {
			t.Fatal(err)
		}
	}
	want := "#fantail 1\n" +
		"1000000005\tt\t{\"a\":1}\n" +
		"2000000000\tb64t\tUElORyA6eA0K\n" +
		"0\tb64\tAP8=\n" +
		"3000000000\tb64t\tbm90IFVURi04OiD/\n"
	if got := file.String(); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestRecorderRoundTripProperty(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{"a", "é", "\t", "\n", "\r", "\x00", "\xff", "#fantail 1", "日"}
	var want []copied
	for range 2000 {
		var payload strings.Builder
		for range rnd.IntN(20) {
			payload.WriteString(alphabet[rnd.IntN(len(alphabet))])
		}
		want = append(want, copied{rnd.Int64() - rnd.Int64(), hub.Kind(rnd.IntN(2)), payload.String()})
	}
	roundTrip(t, want)
}

func TestRecorderRefusesWhatNoRecordingReads(t *testing.T) {
	var file bytes.Buffer
	w := NewWriter(&file)
	if err := w.Write(time.Unix(0, 1), hub.Binary, make([]byte, 50<<20)); err == nil {
		t.Fatal("50 MiB in base64 do not fit into a line")
	}
	if err := w.Write(time.Unix(0, 1), hub.Text, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if want := "#fantail 1\n1\tt\tx\n"; file.String() != want {
		t.Errorf("the refused message left a trace: %q", file.String())
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }

func TestRecorderPassesWriteErrorsOn(t *testing.T) {
	err := NewWriter(fullDisk{}).Write(time.Unix(0, 1), hub.Text, nil)
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}

func FuzzRecorder(f *testing.F) {
	f.Add(int64(1), false, "a")
	f.Add(int64(-1), true, "\x00\n")
	f.Fuzz(func(t *testing.T, ns int64, binary bool, payload string) {
		kind := hub.Text
		if binary {
			kind = hub.Binary
		}
		roundTrip(t, []copied{{ns, kind, payload}, {ns, kind, payload}})
	})
}
