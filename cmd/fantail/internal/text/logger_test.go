package text

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

func TestLoggerFormats(t *testing.T) {
	for format, wantJSON := range map[string]bool{"json": true, "auto": true, "console": false} { // a buffer is no terminal
		var out bytes.Buffer
		log := NewLogger(&out, format, zerolog.InfoLevel)
		log.Info().Int("n", 1).Msg("hello")
		if json.Valid(out.Bytes()) != wantJSON || !strings.Contains(out.String(), "hello") {
			t.Errorf("%s: %q", format, out.String())
		}
	}
}

func TestLoggerLevelAndTime(t *testing.T) {
	var out bytes.Buffer
	log := NewLogger(&out, "json", zerolog.WarnLevel)
	log.Info().Msg("quiet")
	if out.Len() > 0 {
		t.Errorf("logged below its level: %s", out.String())
	}
	log.Warn().Msg("loud")
	var line struct{ Level, Time, Message string }
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.Level != "warn" || line.Time == "" || line.Message != "loud" {
		t.Errorf("got %s, %v", out.String(), err)
	}
}

func TestFileIsNoTerminal(t *testing.T) {
	f, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if IsTerminal(f) {
		t.Error("a file passes for a terminal")
	}
}
