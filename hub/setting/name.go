package setting

// Name is the path of a field in a library's Config, such as "Messages.Key".
type Name string

// String returns the field as a programmer writes it, such as
// "Config.Messages.Key".
func (n Name) String() string { return "Config." + string(n) }

// Namer returns what a program calls a setting, such as the name of an environment
// variable. It returns an empty text for a setting that it does not know, which
// then keeps the name of its field. A nil Namer knows none. It must be safe for
// concurrent use.
type Namer func(Name) string

// Name returns what the program calls a setting. Any goroutine.
func (n Namer) Name(name Name) string {
	if n != nil {
		if own := n(name); own != "" {
			return own
		}
	}
	return name.String()
}
