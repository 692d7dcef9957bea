package feed

import (
	"fmt"
	"slices"
	"strings"
)

// Mode says how several sources make one feed.
type Mode uint8

const (
	Failover Mode = iota // one at a time, the next one when it fails
	Race                 // all at once, each message from the one that has it first
	Merge                // all at once, all of their messages
	modes                // number of modes
)

var modeWords = [modes]string{"failover", "race", "merge"}

// String returns the mode's word.
func (m Mode) String() string {
	if m < modes {
		return modeWords[m]
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}

// ParseMode reads one of the words failover, race and merge.
func ParseMode(word string) (Mode, error) {
	i := slices.Index(modeWords[:], word)
	if i < 0 {
		return Failover, fmt.Errorf("feed: not known; write %s", strings.Join(modeWords[:], " or "))
	}
	return Mode(i), nil
}

// MaxSources is how many sources one feed may have.
const MaxSources = 16

// SourceURLs splits Sources.URL, which is one URL or several with white space between them. A path
// without a host, such as that of a recording, may have spaces. After a space in it another URL
// begins only with a known scheme or with "://" in it.
func SourceURLs(address string) []string {
	var urls []string
	for _, word := range strings.Fields(address) {
		last := len(urls) - 1
		if _, err := findScheme(word); err == nil || last < 0 || strings.Contains(word, "://") || strings.Contains(urls[last], "://") {
			urls = append(urls, word)
			continue
		}
		// As it stood: the space may be of any kind and length.
		begin := strings.LastIndex(address, urls[last])
		end := begin + len(urls[last]) + strings.Index(address[begin+len(urls[last]):], word) + len(word)
		urls[last] = address[begin:end]
	}
	return urls
}
