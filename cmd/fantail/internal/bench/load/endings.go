package load

import (
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"unicode"
)

// Close is a way in which connections ended, and how many did.
type Close struct {
	Code  uint16 `json:"code"` // of the close frame; 1005 is a frame without a code, 1006 no close frame
	Word  string `json:"word"` // the reason's first word, or how the connection broke
	Count int    `json:"count"`
}

// Codes that no close frame has (RFC 6455 section 7.4.1).
const (
	codeNoStatus = 1005
	codeAbnormal = 1006
)

const (
	maxWord  = 24 // characters of a reason's first word
	maxKinds = 64 // ways to end that are told apart
)

// closeWord returns the code of a close frame's payload and the printable part of the
// reason's first word.
func closeWord(payload []byte) (code uint16, word string) {
	if len(payload) < 2 {
		return codeNoStatus, ""
	}
	word, _, _ = strings.Cut(string(payload[2:]), ";")
	word, _, _ = strings.Cut(strings.TrimSpace(word), " ")
	word = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return -1
	}, word)
	if r := []rune(word); len(r) > maxWord {
		word = string(r[:maxWord])
	}
	return binary.BigEndian.Uint16(payload), word
}

// ending returns how a connection ended: by its close frame, or by err.
func ending(code uint16, word string, err error) Close {
	switch {
	case code != 0:
		return Close{Code: code, Word: word}
	case errors.Is(err, ErrFrame):
		return Close{Code: codeAbnormal, Word: "invalid frame"}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Close{Code: codeAbnormal, Word: "end of stream"}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return Close{Code: codeAbnormal, Word: "reset"}
	case errors.Is(err, net.ErrClosed):
		return Close{Code: codeAbnormal, Word: "closed here"}
	}
	return Close{Code: codeAbnormal, Word: "broken"}
}

// endings counts how connections ended. Any goroutine may add.
type endings struct {
	mu     sync.Mutex
	counts map[Close]int // by code and word; Count is 0 in the key
	total  int
}

func newEndings() *endings { return &endings{counts: map[Close]int{}} }

// add counts one ending. It drops the word of an ending that is not among the first
// maxKinds kinds.
func (e *endings) add(c Close) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, known := e.counts[c]; !known && len(e.counts) >= maxKinds {
		c.Word = ""
	}
	e.counts[c]++
	e.total++
}

// count returns the number of connections that have ended.
func (e *endings) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.total
}

// list returns all endings, the most frequent first.
func (e *endings) list() []Close {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := make([]Close, 0, len(e.counts))
	for c, n := range e.counts {
		c.Count = n
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b Close) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Word, b.Word))
	})
	return list
}
