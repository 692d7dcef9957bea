package replay

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/hub"
	"fantail/hub/peertest"
	"fantail/hub/websocket"
)

func TestReplayByteForByte(t *testing.T) {
	t.Parallel()
	mixed := []cmdtest.Message{
		cmdtest.Text(`{"a":"é"}`), cmdtest.Text("PING :x\r\n"), cmdtest.Binary("\x00\xff\n"), cmdtest.Text(""),
		cmdtest.Text(strings.Repeat("snapshot,", 80_000)), // 720 kB
		cmdtest.Binary(strings.Repeat("\x80\x00", 40_000)), cmdtest.Text("last\tone"),
	}
	dir := t.TempDir()
	headless, binary := filepath.Join(dir, "a.ndjson"), filepath.Join(dir, "a.b64.txt")
	cmdtest.WriteFile(t, headless, "5\t{}\n3\ta\tb\n0\t\n")
	cmdtest.WriteFile(t, binary, "0\t"+base64.StdEncoding.EncodeToString([]byte{0, 1, 255})+"\n0\t\n")
	tests := []struct {
		name, file string
		want       []cmdtest.Message
	}{
		{"headed", cmdtest.Record(t, time.Millisecond, mixed...), mixed},
		{"headless text", headless, []cmdtest.Message{cmdtest.Text("{}"), cmdtest.Text("a\tb"), cmdtest.Text("")}},
		{"headless binary", binary, []cmdtest.Message{cmdtest.Binary("\x00\x01\xff"), cmdtest.Binary("")}},
	}
	for _, tt := range tests {
		for _, compress := range []bool{false, true} { // offered, and declined
			t.Run(fmt.Sprintf("%s, offer %v", tt.name, compress), func(t *testing.T) {
				_, url, log := startReplay(t, tt.file)
				conn := subscribe(t, url, websocket.DialOptions{Compress: compress})
				got, err := receive(t, conn, len(tt.want)+1)
				if !slices.Equal(got, tt.want) {
					t.Errorf("got %d messages %.200v\nwant %d", len(got), got, len(tt.want))
				}
				if code, reason, _ := websocket.CloseCode(err); code != 1000 || reason != "end of the recording" {
					t.Errorf("ended with %v, want close 1000", err)
				}
				log.await(t, "a subscriber has left")
			})
		}
	}
}

func TestReplayBanner(t *testing.T) {
	t.Parallel()
	banner, url, _ := startReplay(t, cmdtest.Record(t, 500*time.Millisecond, cmdtest.Text("abc"), cmdtest.Binary("de"), cmdtest.Text("f")))
	for _, want := range []string{"feed.rec at " + url + "\n", "2 text and 1 binary messages, 6 B, 1.0 s\n", "  FANTAIL_SOURCE_URL=" + url + " fantail\n"} {
		if !strings.Contains(banner, want) {
			t.Errorf("the banner lacks %q:\n%s", want, banner)
		}
	}
}

func TestReplayBannerWithoutTiming(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.txt")
	cmdtest.WriteFile(t, file, "0\ta\n0\tb\n")
	if banner, _, _ := startReplay(t, file); !strings.Contains(banner, "2 text messages, 2 B, without timing") {
		t.Errorf("got %s", banner)
	}
}

func TestReplayPace(t *testing.T) {
	two := []cmdtest.Message{cmdtest.Text("a"), cmdtest.Text("b")}
	tests := []struct {
		speed          string
		step           time.Duration
		atLeast, below time.Duration
	}{
		{"1", 200 * time.Millisecond, 190 * time.Millisecond, time.Hour},
		{"0.5", 100 * time.Millisecond, 190 * time.Millisecond, time.Hour},
		{"36000", time.Hour, 95 * time.Millisecond, time.Minute},
		{"0", time.Hour, 0, time.Minute},
		{"max", time.Hour, 0, time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.speed, func(t *testing.T) {
			_, url, _ := startReplay(t, cmdtest.Record(t, tt.step, two...), "-speed", tt.speed)
			start := time.Now()
			got, err := receive(t, subscribe(t, url, websocket.DialOptions{}), 2)
			if took := time.Since(start); err != nil || !slices.Equal(got, two) || took < tt.atLeast || took > tt.below {
				t.Errorf("got %v, %v after %v", got, err, took)
			}
		})
	}
}

func TestReplayEachSubscriberFromItsFirstMessage(t *testing.T) {
	t.Parallel()
	want := []cmdtest.Message{cmdtest.Text("a"), cmdtest.Text("b")}
	_, url, _ := startReplay(t, cmdtest.Record(t, time.Millisecond, want...))
	for range 3 {
		if got, _ := receive(t, subscribe(t, url, websocket.DialOptions{}), 3); !slices.Equal(got, want) {
			t.Errorf("got %v", got)
		}
	}
}

func TestReplayLoop(t *testing.T) {
	t.Parallel()
	_, url, log := startReplay(t, cmdtest.Record(t, time.Millisecond, cmdtest.Text("a"), cmdtest.Text("b")), "-loop")
	conn := subscribe(t, url, websocket.DialOptions{})
	got, err := receive(t, conn, 1001)
	if err != nil || len(got) != 1001 {
		t.Fatalf("%d messages, %v", len(got), err)
	}
	for i, m := range got {
		if m.Payload != []string{"a", "b"}[i%2] {
			t.Fatalf("message %d is %q", i, m.Payload)
		}
	}
	if err := conn.Close(1000, ""); err != nil {
		t.Error(err)
	}
	log.await(t, "a subscriber has left")
}

func TestReplayNoticesSubscriberLeaving(t *testing.T) {
	t.Parallel()
	big := cmdtest.Binary(strings.Repeat("x", 1<<20))
	tests := []struct {
		name string
		file string
		args []string
	}{
		{"in a long pause", cmdtest.Record(t, time.Hour, cmdtest.Text("a"), cmdtest.Text("b")), nil},
		{"in a write that waits for it", cmdtest.Record(t, 0, cmdtest.Text("a"), big, big, big, big, big, big, big, big, big, big), []string{"-loop", "-speed=max"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, url, log := startReplay(t, append(tt.args, tt.file)...)
			conn := subscribe(t, url, websocket.DialOptions{})
			if got, err := receive(t, conn, 1); err != nil || got[0].Payload != "a" {
				t.Fatalf("got %v, %v", got, err)
			}
			log.await(t, "a subscriber has joined")
			conn.CloseNow()
			log.await(t, "a subscriber has left")
		})
	}
}

func TestReplayDropsSubscriberThatTakesNothing(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	log := make(writes, 1000)
	p := player{
		file: cmdtest.Record(t, 0, cmdtest.Binary(strings.Repeat("x", 1<<20))),
		loop: true, patience: 50 * time.Millisecond, log: zerolog.New(log),
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- p.serve(ctx, l) }() // ended by cancel
	subscribe(t, "ws://"+l.Addr().String()+"/", websocket.DialOptions{})
	log.await(t, "a subscriber has left")
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// TestReplayStopsAtOnce leaves the cleanup of startReplay to end subscribers
// that are in a pause and in a blocked write.
func TestReplayStopsAtOnce(t *testing.T) {
	t.Parallel()
	big := cmdtest.Binary(strings.Repeat("x", 1<<20))
	for _, step := range []time.Duration{time.Hour, 0} {
		_, url, log := startReplay(t, cmdtest.Record(t, step, big, big, big, big, big, big, big, big, big, big), "-loop")
		subscribe(t, url, websocket.DialOptions{})
		log.await(t, "a subscriber has joined")
	}
}

func TestReplayAnswersPingsAndIgnoresMessages(t *testing.T) {
	t.Parallel()
	_, url, _ := startReplay(t, cmdtest.Record(t, time.Hour, cmdtest.Text("a"), cmdtest.Text("b")))
	conn := subscribe(t, url, websocket.DialOptions{})
	subscription := []byte(strings.Repeat(`{"op":"subscribe"}`, 10_000))
	if err := conn.Write(t.Context(), hub.Text, subscription); err != nil {
		t.Fatal(err)
	}
	if _, err := receive(t, conn, 1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), peertest.Patience)
	defer cancel()
	read := make(chan struct{})
	go func() { // ended by CloseNow
		defer close(read)
		conn.Reader(ctx)
	}()
	if err := conn.Ping(ctx); err != nil {
		t.Error(err)
	}
	conn.CloseNow()
	<-read
}

func TestReplayTakesAnySubprotocol(t *testing.T) {
	t.Parallel()
	_, url, _ := startReplay(t, cmdtest.Record(t, time.Hour, cmdtest.Text("a")))
	conn := subscribe(t, url, websocket.DialOptions{Subprotocols: []string{"v10.stomp", "other"}})
	if got := conn.Subprotocol(); got != "v10.stomp" && got != "other" {
		t.Errorf("negotiated %q", got)
	}
}

func TestReplayRefusesPlainHTTP(t *testing.T) {
	t.Parallel()
	_, url, _ := startReplay(t, cmdtest.Record(t, 0, cmdtest.Text("a")))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http" + strings.TrimPrefix(url, "ws"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("answered %s", resp.Status)
	}
}

func TestReplayRecordingThatBreaksLater(t *testing.T) {
	t.Parallel()
	file := cmdtest.Record(t, 0, cmdtest.Text("a"))
	_, url, log := startReplay(t, file)
	cmdtest.WriteFile(t, file, "1\ta\nnonsense\n")
	got, err := receive(t, subscribe(t, url, websocket.DialOptions{}), 2)
	if _, _, closed := websocket.CloseCode(err); len(got) != 1 || closed {
		t.Errorf("got %v, %v; want one message and no orderly end", got, err)
	}
	log.await(t, "line 2 has no TAB")
}

func TestReplayProblems(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty, bad := filepath.Join(dir, "empty"), filepath.Join(dir, "bad")
	cmdtest.WriteFile(t, empty, "")
	cmdtest.WriteFile(t, bad, strings.Repeat("1\ta\n", 16)+"soon\tb\n")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	tests := []struct {
		args []string
		want string
	}{
		{[]string{dir + "/none"}, "none: no such file or directory"},
		{[]string{empty}, "empty holds no message; a recording has lines of"},
		{[]string{bad}, `bad: line 17 starts with "soon"`},
		{[]string{cmdtest.Record(t, 0, cmdtest.Text("")), "-listen", taken.Addr().String()}, "address already in use; choose another address with -listen"},
		{[]string{cmdtest.Record(t, 0, cmdtest.Text("")), "-listen", "nonsense"}, "choose another address with -listen"},
	}
	for _, tt := range tests {
		code, out, errs := cmdtest.Run(t, Command(), tt.args...)
		if code != 1 || out != "" || !strings.Contains(errs, tt.want) {
			t.Errorf("%v: exit code %d, %q, %q; want %q", tt.args, code, out, errs, tt.want)
		}
	}
}

func TestSpeed(t *testing.T) {
	for in, want := range map[string]speed{"1": 1, "0.5": 0.5, "10": 10, "0": 0, "max": 0} {
		s := speed(7)
		if err := s.Set(in); err != nil || s != want {
			t.Errorf("%q: %v, %v", in, s, err)
		}
		again := speed(7)
		if err := again.Set(s.String()); err != nil || again != s {
			t.Errorf("%q is written as %q and read back as %v, %v", in, s.String(), again, err)
		}
	}
	for _, in := range []string{"", "-1", "NaN", "inf", "fast", "1x", "1e300"} {
		s := speed(7)
		if err := s.Set(in); err == nil || s != 7 {
			t.Errorf("%q: %v, %v; want an error", in, s, err)
		}
	}
}

// TestSummaryFollowsThePace pins that a recording's length counts from its first
// time to its latest, as recording.Pace waits.
func TestSummaryFollowsThePace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a")
	cmdtest.WriteFile(t, file, "0\ta\n5000000000\tb\n1\tc\n7500000000\td\n7000000000\te\n")
	s, err := summarize(t.Context(), file)
	if err != nil || s.String() != "5 text messages, 5 B, 2.5 s" {
		t.Errorf("got %s, %v", s, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := replay(ctx, player{file: file}, "127.0.0.1:0", io.Discard); err != nil {
		t.Errorf("cancelled while it reads: %v, want an orderly end", err)
	}
	if _, err := summarize(t.Context(), os.DevNull); err == nil {
		t.Error("want an error for a recording of nothing")
	}
}
