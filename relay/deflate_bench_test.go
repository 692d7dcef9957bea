package relay

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fantail/hub"
	"fantail/hub/websocket"
)

// BenchmarkCompression compresses the recordings in the folder that TEST_FEEDS names,
// message by message: once for all with one context, for as long as an epoch lasts if
// no client waits for one, and each message alone. Ratios are of whole frames.
//
//	TEST_FEEDS=DIRECTORY go test ./relay -run xxx -bench Compression
func BenchmarkCompression(b *testing.B) {
	dir := os.Getenv("TEST_FEEDS")
	if dir == "" {
		b.Skip("NOT MEASURED: TEST_FEEDS names no folder of recordings")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*-*.*"))
	if err != nil || len(files) == 0 {
		b.Fatalf("%d recordings in %s, %v", len(files), dir, err)
	}
	for _, file := range files {
		messages := recorded(b, file)
		for name, level := range map[string]int{"shared": sharedLevel, "alone": aloneLevel} {
			b.Run(strings.SplitN(filepath.Base(file), "-20", 2)[0]+"/"+name, func(b *testing.B) {
				p, epoch, least := newFrameWriter(level), 512, sharedLeast
				if name == "alone" {
					epoch, least = 1, 0
				}
				plain, sent := 0, 0
				for b.Loop() {
					plain, sent = 0, 0
					for i, m := range messages {
						if i%epoch == 0 {
							p.w.Reset(&p.out)
						}
						whole := websocket.FrameLen(len(m))
						plain += whole
						switch {
						case len(m) < least:
						case epoch == 1: // what would not gain by it stays as it is
							whole = min(whole, len(p.frame(hub.Text, m)))
						default:
							whole = len(p.frame(hub.Text, m))
						}
						sent += whole
					}
				}
				b.ReportMetric(float64(plain)/float64(sent), "ratio")
				b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N*len(messages)), "µs/message")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// recorded returns a recording's messages; feed cannot be asked from here.
func recorded(b *testing.B, file string) (messages [][]byte) {
	text, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		_, m, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok {
			continue
		}
		p := []byte(m)
		if strings.HasSuffix(file, ".b64.txt") {
			if p, err = base64.StdEncoding.DecodeString(m); err != nil {
				b.Fatal(err)
			}
		}
		messages = append(messages, p)
	}
	return messages
}
