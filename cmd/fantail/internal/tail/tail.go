package tail

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"fantail/cmd/fantail/internal/cli"
	"fantail/cmd/fantail/internal/config"
	"fantail/cmd/fantail/internal/text"
	"fantail/feed"
	"fantail/feed/recording"
)

// tailOptions are the flags of fantail tail.
type tailOptions struct {
	limit  uint64     // messages to stop after; 0 = none
	stats  bool       // print figures instead of messages
	raw    bool       // print messages as they are
	record string     // file to write a recording to, empty = none
	force  bool       // overwrite it
	source bool       // the source of this environment's relay, not the relay
	query  url.Values // for a relay
}

// Command is the row of fantail tail.
func Command() cli.Command {
	return cli.Command{
		Name:     "tail",
		Operands: []string{"[URL]"},
		About:    "Print the messages of a feed, or record them",
		Detail: "It prints the feed of the relay of this environment, or of any URL that\n" +
			"FANTAIL_SOURCE_URL may have. Each message is one line. A line break within a\n" +
			"message is printed as \\n, and a binary message as <binary 1234 bytes>. Bytes\n" +
			"that would control a terminal are printed as escapes.\n\n" +
			"It reconnects until it succeeds. At a relay it resumes after the last message:\n" +
			"nothing comes twice, and nothing is lost that the relay still holds. Standard\n" +
			"error reports reconnects, gaps and outages of the relay's source. At the end\n" +
			"it reports the messages that came, and the position for -since. With -stats it\n" +
			"prints figures instead of messages: rates, the total, the latency of messages\n" +
			"with a \"t\" in ns since 1970, and the last gap in the connection.",
		Examples: []string{
			"fantail tail", "print the feed of the relay at FANTAIL_LISTEN",
			"fantail tail -n 3 demo:", "print three messages of the demo feed",
			"fantail tail -last 100 -key 'DEMO-M*'", "print some keys, from 100 messages back",
			"fantail tail -stats wss://example.com/feed", "see how much a feed sends",
			"fantail tail -source -stats -record feed.txt", "record this environment's source",
		},
		Setup: setupTail,
	}
}

// setupTail registers the flags of fantail tail.
func setupTail(flags *flag.FlagSet) cli.Runner {
	var o tailOptions
	flags.Uint64Var(&o.limit, "n", 0, "stop after `N` messages; 0 does not stop")
	flags.BoolVar(&o.stats, "stats", false, "print figures once a second instead of messages")
	flags.BoolVar(&o.raw, "raw", false, "print line breaks and binary messages as they are")
	flags.StringVar(&o.record, "record", "", "write a recording to `FILE`, for fantail replay")
	flags.BoolVar(&o.force, "force", false, "let -record overwrite its file")
	flags.BoolVar(&o.source, "source", false, "print the source of FANTAIL_SOURCE_URL with all its settings, not the relay")
	o.query = askRelay(flags)
	return func(ctx context.Context, operands []string, std cli.Stdio) error {
		cfg, err := tailTarget(operands, o.source)
		if err == nil {
			err = o.ask(&cfg)
		}
		if err != nil {
			return err
		}
		return runTail(ctx, cfg, o, std)
	}
}

// tailTarget returns the feed to print: the URL of the command line, the source of this
// environment's relay, or that relay. Only the source gets the headers and the messages
// to send, since they may hold its secrets.
func tailTarget(operands []string, source bool) (feed.Config, error) {
	switch {
	case source && len(operands) > 0:
		return feed.Config{}, cli.Misuse(errors.New("-source and a URL exclude each other; leave one of them out"))
	case source:
		c, err := config.Load()
		return c.Feed, err
	}
	if len(operands) > 0 {
		c, err := config.LoadOnly(config.MessageSize)
		return feed.Config{Sources: feed.Sources{URL: operands[0]}, Messages: feed.Messages{MaxMessage: c.Feed.Messages.MaxMessage}, Stdin: os.Stdin}, err
	}
	return localTarget()
}

// localTarget returns the relay of this environment as a feed.
func localTarget() (feed.Config, error) {
	c, err := config.LoadOnly(config.Where, config.MessageSize)
	if err != nil {
		return feed.Config{}, err
	}
	scheme := "ws"
	if c.Listen.TLS() {
		scheme = "wss"
	}
	addr, conf, err := c.Listen.Local()
	return feed.Config{Sources: feed.Sources{URL: scheme + "://" + addr + "/ws"}, Dialling: feed.Dialling{TLS: conf}, Messages: feed.Messages{MaxMessage: c.Feed.Messages.MaxMessage}, Stdin: os.Stdin}, err
}

// runTail prints the feed until ctx ends, the limit is reached, the source has ended for
// good, or the reader of the output is gone.
func runTail(ctx context.Context, cfg feed.Config, o tailOptions, std cli.Stdio) (err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	t := &tailer{limit: o.limit, stop: stop, show: o.printer(std.Out), log: tailLog(std, o)}
	cfg.Events.RelayNotice, cfg.Names = t.notice, config.Names
	f, err := feed.New(cfg, t, t.log)
	if err != nil {
		return cli.Misuse(errors.New(nameURL(config.Names.Text(err), o.source)))
	}
	if o.record != "" {
		file, err := createRecording(o.record, o.force)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		t.recorder = recording.NewWriter(file)
	}
	defer ignoreBrokenPipes()()
	began := time.Now()
	if err := t.run(ctx, f, o.figures(std.Out)); errors.Is(err, syscall.EPIPE) {
		return nil // the reader, such as head, has seen enough
	} else if err != nil {
		return err
	}
	fmt.Fprintln(std.Err, t.summary(f.Stats(), time.Since(began), o.record))
	return nil
}

// printer returns the printer of messages; nil if none are to be printed.
func (o tailOptions) printer(out io.Writer) *messagePrinter {
	if o.stats {
		return nil
	}
	return &messagePrinter{out: out, raw: o.raw, terminal: text.IsTerminal(out)}
}

// figures returns the printer of figures; nil if none are to be printed.
func (o tailOptions) figures(out io.Writer) *figuresPrinter {
	if !o.stats {
		return nil
	}
	return &figuresPrinter{out: out, terminal: text.IsTerminal(out)}
}

// createRecording creates a file that must not exist, unless force is set. The recorder
// writes to it without a buffer, so that a recording is whole up to its last message even
// if the process is killed (TestTailRecordingIsOnDisk in cmd/fantail/e2e).
func createRecording(name string, force bool) (*os.File, error) {
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(name, mode, 0o644)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("-record %s: the file exists; name another one, or overwrite it with -force", name)
	}
	if err != nil {
		return nil, fmt.Errorf("-record: %w", err)
	}
	return f, nil
}

// ignoreBrokenPipes turns the signal of a broken pipe, which would end the process at
// once, into an error of the write. It returns a function that undoes this.
func ignoreBrokenPipes() (undo func()) {
	broken := make(chan os.Signal, 1) // never read, never closed
	signal.Notify(broken, syscall.SIGPIPE)
	return func() { signal.Stop(broken) }
}
