package load

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	// compressionOffer is permessage-deflate with a context of the server's (RFC
	// 7692). The clients themselves send nothing that is worth compressing.
	compressionOffer = "permessage-deflate; client_no_context_takeover"

	// inflateTail holds the bytes that a sender leaves out (RFC 7692 section 7.2.2), and
	// a last, empty block, so that a reader finds the end.
	inflateTail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"

	inflateWindow = 32 << 10
)

// errInflate is the error of a message that does not inflate, or not within
// maxSampled.
var errInflate = errors.New("load: a compressed message cannot be inflated")

// inflater is a client's end of permessage-deflate with context takeover, which
// also reads messages that were compressed without.
type inflater struct {
	reader io.ReadCloser
	in     io.Reader
	window []byte // the bytes that were inflated last
	out    bytes.Buffer
}

// inflate returns the message that p stands for; it is good until the next call.
func (f *inflater) inflate(p []byte) ([]byte, error) {
	f.in = io.MultiReader(bytes.NewReader(p), strings.NewReader(inflateTail))
	if f.reader == nil {
		f.reader = flate.NewReaderDict(f.in, f.window)
	} else if err := f.reader.(flate.Resetter).Reset(f.in, f.window); err != nil {
		return nil, err
	}
	f.out.Reset()
	n, err := f.out.ReadFrom(io.LimitReader(f.reader, maxSampled+1))
	if err != nil || n > maxSampled {
		return nil, errors.Join(errInflate, err)
	}
	if n >= inflateWindow {
		f.window = f.window[:0]
	}
	f.window = append(f.window, f.out.Bytes()[max(0, n-inflateWindow):]...)
	if over := len(f.window) - inflateWindow; over > 0 {
		f.window = f.window[:copy(f.window, f.window[over:])]
	}
	return f.out.Bytes(), nil
}

// checkExtensions checks the server's answer against the offer.
func checkExtensions(answer string, offered bool) error {
	name, params, _ := strings.Cut(answer, ";")
	switch {
	case answer == "" && !offered:
		return nil
	case answer == "":
		return errors.New("the server does not compress; leave -compress away")
	case !offered:
		return errors.New("the server chose an extension that was not offered")
	case strings.TrimSpace(name) != "permessage-deflate" || strings.Contains(params, "client_max_window_bits"):
		return fmt.Errorf("the server answered %q to the offer of permessage-deflate", answer)
	}
	return nil
}
