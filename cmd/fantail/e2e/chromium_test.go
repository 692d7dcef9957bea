//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"fantail/hub/peertest"
	"fantail/hub/skiptest"
)

// playwright drives the browser; installed for the run into a directory that
// goes with it.
const playwright = "playwright-core@1.65.1"

// browser is a headless Chromium with one page, driven by testdata/browser.mjs.
type browser struct {
	t   testing.TB
	in  io.Writer
	out *json.Decoder
}

// openBrowser starts one, or says loudly that nothing is tested.
func openBrowser(t testing.TB) *browser {
	t.Helper()
	tools := make(map[string]string)
	for _, name := range []string{"chromium", "node", "npm"} {
		path, err := exec.LookPath(name)
		if err != nil {
			withoutBrowser(t, "%v", err)
		}
		tools[name] = path
	}
	dir := t.TempDir()
	install := exec.CommandContext(t.Context(), tools["npm"], "install", "--prefix", dir, "--no-audit", "--no-fund", playwright)
	if out, err := install.CombinedOutput(); err != nil {
		withoutBrowser(t, "npm install %s: %v\n%s", playwright, err, tail(string(out), 1000))
	}
	cmd := exec.Command(tools["node"], filepath.Join("testdata", "browser.mjs"), dir)
	cmd.Env = append(os.Environ(), "CHROMIUM="+tools["chromium"])
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close() // the script closes the browser and ends
		overdue := time.AfterFunc(peertest.Patience, func() {
			t.Errorf("the browser did not end by itself")
			cmd.Process.Signal(syscall.SIGTERM) // at which playwright takes Chromium down with it
		})
		defer overdue.Stop()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the browser: %v", err)
		}
	})
	return &browser{t: t, in: in, out: json.NewDecoder(out)}
}

// withoutBrowser leaves a test out, or fails it where REQUIRE_BROWSER is set.
func withoutBrowser(t testing.TB, format string, args ...any) {
	t.Helper()
	skiptest.Skip(t, "REQUIRE_BROWSER", "a browser (install chromium, node and npm)",
		"the page in a browser, its frame rate and its reconnecting (%s)", fmt.Sprintf(format, args...))
}

// ask sends a command, such as "click", with its parameters as name and value,
// and returns the answer.
func ask[T any](b *browser, do string, params ...any) (value T) {
	b.t.Helper()
	command := map[string]any{"do": do}
	for pair := range slices.Chunk(params, 2) {
		command[pair[0].(string)] = pair[1]
	}
	if err := json.NewEncoder(b.in).Encode(command); err != nil {
		b.t.Fatalf("browser: %s: %v", do, err)
	}
	var answer struct {
		Value T
		Error string
	}
	if err := b.out.Decode(&answer); err != nil {
		b.t.Fatalf("browser: %s: %v", do, err)
	}
	if answer.Error != "" {
		b.t.Fatalf("browser: %s %v: %s", do, params, answer.Error)
	}
	return answer.Value
}

func (b *browser) do(command string, params ...any) {
	b.t.Helper()
	ask[any](b, command, params...)
}

func (b *browser) text(selector string) string {
	b.t.Helper()
	return ask[string](b, "text", "selector", selector)
}

func (b *browser) visible(selector string) bool {
	b.t.Helper()
	return ask[bool](b, "visible", "selector", selector)
}

// tells waits until an element that is watched since before has, or had, a text.
func (b *browser) tells(what, text string) {
	b.t.Helper()
	peertest.Eventually(b.t, what, func() bool {
		return slices.ContainsFunc(ask[[]string](b, "watched"), func(s string) bool { return strings.Contains(s, text) })
	})
}

// received is the page's own count of messages.
func (b *browser) received() int {
	b.t.Helper()
	n, err := strconv.Atoi(strings.ReplaceAll(b.text("#messages-all"), ",", ""))
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// flows waits until the page is live and has received more messages.
func (b *browser) flows(when string, more int) {
	b.t.Helper()
	from := b.received()
	peertest.Eventually(b.t, "messages flow "+when, func() bool { return b.text("#state-text") == "Live" && b.received() >= from+more })
}

// frames measures the tab's frames and returns the median and the longest
// pause between two.
func (b *browser) frames(span time.Duration) (median, worst time.Duration) {
	b.t.Helper()
	gaps := ask[[]float64](b, "frames", "ms", span.Milliseconds())
	slices.Sort(gaps)
	ms := func(v float64) time.Duration {
		return time.Duration(v * float64(time.Millisecond)).Round(100 * time.Microsecond)
	}
	return ms(gaps[len(gaps)/2]), ms(gaps[len(gaps)-1])
}

// noFaults fails if the console has errors or warnings, or the script threw.
// The start of its line tells a browser's message about a failed connection apart.
func (b *browser) noFaults(when string, but ...string) {
	b.t.Helper()
	for _, fault := range ask[[]string](b, "faults") {
		if !slices.ContainsFunc(but, func(prefix string) bool { return strings.HasPrefix(fault, prefix) }) {
			b.t.Errorf("console %s: %s", when, fault)
		}
	}
}
