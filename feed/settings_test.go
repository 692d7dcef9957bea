package feed

import (
	"strings"
	"testing"
	"time"

	"fantail/hub/setting"
)

// TestNamesInTheLog: what the log says of a setting is called as the program does.
func TestNamesInTheLog(t *testing.T) {
	vacant := "ws://127.0.0.1:1/"
	r := start(t, Config{Sources: Sources{URL: vacant}, Names: func(n setting.Name) string { return strings.ToUpper(string(n)) }})
	r.log.Wait(t, "source is away", "check host and port in SOURCES.URL")
	r.stop()
	r = start(t, Config{Sources: Sources{URL: vacant + " " + vacant, Mode: Merge}, Dialling: Dialling{IdleTimeout: time.Hour}})
	r.log.Wait(t, "source is away", "check host and port in Config.Sources.URL")
}
