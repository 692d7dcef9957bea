package hub

// Format is how messages look to a client: transport and framing. Any number of
// goroutines may call its methods, and nobody may change what they return. Formats are
// compared, so a Format is a pointer to something that is not of size zero.
type Format interface {
	// Encode returns m as the format's clients get it: one whole frame. The hub calls
	// it about once for a message and keeps the result with the message. m.Frame()
	// itself costs nothing.
	Encode(m *Message) []byte
	// Notice returns the frame of an out-of-band event, nil if the format has none. A
	// format has all notices or none.
	Notice(n Notice) []byte
	// Close returns what ends a connection, nil if the transport has nothing to say. at
	// is where the client should resume. For Gone it is the oldest position that can
	// still be resumed from.
	Close(why Reason, at Position) []byte
	// Ping returns the frame that asks a silent client for a sign of life, nil
	// if the transport has none.
	Ping() []byte
}

// Costly is a Format whose Encode may take long.
type Costly interface {
	Format
	// Costs reports whether Encode(m) takes long. Then the hub keeps the result even if
	// it is m.Frame(), so that it does not have to ask again.
	Costs(m *Message) bool
	// Plain returns the format for messages whose encodings the hub does not keep any
	// more. It is not costly.
	Plain() Format
}
