package hub

// Format is how messages look to a client: transport and framing. Its methods
// may be called by any number of goroutines and their results must not be
// changed. Formats are compared, so a Format is a pointer to something that is
// not of size zero.
type Format interface {
	// Encode returns m as the format's clients get it: one whole frame. The hub
	// calls it once for a message, more or less, and keeps the result with the
	// message; m.Frame() itself costs nothing.
	Encode(m *Message) []byte
	// Notice returns the frame that tells an out-of-band event, nil if the
	// format has none. It has all of them or none.
	Notice(n Notice) []byte
	// Close returns what ends a connection, nil if the transport has nothing to
	// say. at is where the client should resume; with Gone, it is the oldest
	// position that can still be resumed from.
	Close(why Reason, at Position) []byte
	// Ping returns the frame that asks a silent client for a sign of life, nil
	// if the transport has none.
	Ping() []byte
}

// Costly is a Format whose Encode may take long.
type Costly interface {
	Format
	// Costs reports whether Encode(m) takes long: then the hub keeps the result even
	// if it is m.Frame(), so as not to ask again.
	Costs(m *Message) bool
	// Plain returns the format, not a costly one, that messages go in whose encodings
	// the hub does not keep any more.
	Plain() Format
}
