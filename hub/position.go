package hub

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Position names a place in the feed: after message Seq of Epoch. Clients take it as an
// opaque word, <epoch>-<seq>, and hand it back to resume.
type Position struct {
	Epoch string // one unbroken numbering
	Seq   uint64
}

// EpochLen is the length of an epoch in characters.
const EpochLen = 8

// String returns the position as clients see it.
func (p Position) String() string { return p.Epoch + "-" + strconv.FormatUint(p.Seq, 10) }

// ErrPosition says that a text is no position.
var ErrPosition = errors.New("hub: not a position")

// ParsePosition reads what String wrote. Anything else is an error that wraps
// ErrPosition and quotes at most 40 characters.
func ParsePosition(s string) (Position, error) {
	epoch, digits, ok := strings.Cut(s, "-")
	seq, err := strconv.ParseUint(digits, 10, 64)
	if !ok || err != nil || !validEpoch(epoch) || strconv.FormatUint(seq, 10) != digits {
		return Position{}, fmt.Errorf("%w: %.40q; a position looks like %s", ErrPosition, s, Position{"k3v9q2mx", 48215})
	}
	return Position{epoch, seq}, nil
}

func validEpoch(s string) bool {
	if len(s) != EpochLen {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// newEpoch returns a random epoch of 40 bits, so that two runs of a relay are never
// confused.
func newEpoch() string {
	var b [5]byte
	rand.Read(b[:])
	return epochText(b)
}

func epochText(b [5]byte) string {
	return strings.ToLower(base32.HexEncoding.EncodeToString(b[:]))
}
