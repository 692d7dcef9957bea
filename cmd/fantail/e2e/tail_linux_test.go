package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"fantail/cmd/fantail/internal/cmdtest"
	"fantail/cmd/fantail/internal/text"
)

// onTerminal runs fantail with a pseudoterminal as its output and returns all
// that the terminal got. Once it got enough, the program is asked to end.
func onTerminal(t *testing.T, enough func(got string) bool, args ...string) string {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program(t), args...)
	cmd.Stdout, cmd.Stderr = terminal, terminal
	err = cmd.Start()
	terminal.Close()
	if err != nil {
		t.Fatal(err)
	}
	got, asked := "", false
	for buf := make([]byte, 4096); ; {
		n, err := master.Read(buf)
		got += string(buf[:n])
		if err != nil { // EIO once nobody has the terminal open
			break
		}
		if !asked && enough(got) {
			asked = true
			cmd.Process.Signal(os.Interrupt)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
	return got
}

// TestTailCannotControlATerminal: no message can, printed raw or not.
func TestTailCannotControlATerminal(t *testing.T) {
	parallel(t)
	file := cmdtest.Record(t, 0, cmdtest.Text("\x1b]0;owned\x07\u009b2J"), cmdtest.Binary("\x1b[2J\x00"))
	for _, flags := range [][]string{{}, {"-raw"}} {
		out, _, found := strings.Cut(onTerminal(t, func(string) bool { return false }, append([]string{"tail", "-n", "2", "replay:" + file}, flags...)...), "2 messages")
		text := strings.Join(strings.Split(out, "\r\n")[1:], "\n") // behind the log's line, which has colours
		if !found || strings.ContainsAny(text, "\x1b\x07\x00\u009b") || !strings.Contains(text, `\x1b]0;owned\x07\u009b2J`) {
			t.Errorf("%v: the terminal got %q", flags, out)
		}
	}
}

// TestTailStatsOnATerminal: one line that is written over and over.
func TestTailStatsOnATerminal(t *testing.T) {
	parallel(t)
	twice := func(got string) bool { return strings.Count(got, "msg/s") >= 2 }
	got := onTerminal(t, twice, "tail", "-stats", "demo:?rate=1")
	if !twice(got) || strings.Count(got, text.ClearLine) < 2 || strings.Contains(got, "no gap\r\n"+text.ClearLine) {
		t.Errorf("the terminal got %q", got)
	}
}
