package config

import "slices"

// Variable is one variable of the environment: a row of the table from which parsing, the
// help, the README, fantail check and the search for unknown variables are made.
type Variable struct {
	Name    string // in full
	Default string // the text of a variable that is not set; empty is none
	About   string // whole sentences that follow the name; the first may be a noun with a full stop
	Section Section
	Basic   bool // most operators look at it
	Secret  Secrecy

	// EmptyCounts says that a variable that is set but empty has no default.
	EmptyCounts bool

	// Shows returns what fantail check shows of a valid value, given what Shown
	// returns. nil shows the latter.
	Shows func(text string) string

	setter
}

// Secrecy says which part of a value may be shown.
type Secrecy int

// Secrecies.
const (
	Open   Secrecy = iota // all of it
	Masked                // the scheme of a URL
	Hidden                // nothing, except the name of a file
)

// setter sets a field of a Config from a text.
type setter struct {
	field   any   // pointer to the field, by which a variable is found
	besides []any // pointers to fields that follow from that field
	set     func(text string) error
}

// and adds fields that follow from the setter's own.
func (s setter) and(fields ...any) setter {
	s.besides = fields
	return s
}

// to returns a setter that parses the text into a field.
func to[T any](field *T, parse func(string) (T, error)) setter {
	return by(field, parse, func(value T) { *field = value })
}

// by returns a setter that parses the text and has apply set the field.
func by[T any](field any, parse func(string) (T, error), apply func(T)) setter {
	return setter{field: field, set: func(text string) error {
		value, err := parse(text)
		if err == nil {
			apply(value)
		}
		return err
	}}
}

// Section is a group of variables, named for operators.
type Section struct {
	Name  string // one word
	Title string
	rows  func(*Config) []Variable
}

// sections are all groups in the order of the help.
var sections = []Section{
	{"source", "where the feed comes from", sourceRows},
	{"connection", "how the source is connected", connectionRows},
	{"sending", "messages to the source", sendingRows},
	{"messages", "the meaning of the source's messages", messageRows},
	{"push", "messages that are pushed", pushRows},
	{"listening", "where clients and operators connect", listenRows},
	{"ring", "messages that wait for clients", ringRows},
	{"slow", "clients that cannot keep up", slowRows},
	{"limits", "numbers of clients", limitRows},
	{"access", "the clients that may connect", accessRows},
	{"clients", "how clients are served", clientRows},
	{"uplink", "messages of the clients", uplinkRows},
	{"tls", "encryption", tlsRows},
	{"shutdown", "how the relay ends", shutdownRows},
	{"logs", "the log", logRows},
}

// variables returns all variables. Their setters set fields of c.
func (c *Config) variables() []Variable {
	var all []Variable
	for _, s := range sections {
		rows := s.rows(c)
		for i := range rows {
			rows[i].Section = s
		}
		all = append(all, rows...)
	}
	return all
}

// Variables returns all variables in the order of sections. They show values of c.
func (c Config) Variables() []Variable { return c.variables() }

// Variables returns all variables in the order of sections.
func Variables() []Variable { return new(Config).variables() }

// Basics returns the variables that most operators look at.
func Basics() []Variable { return chosen(func(v Variable) bool { return v.Basic }) }

// Details returns the variables that are not among the basics.
func Details() []Variable { return chosen(func(v Variable) bool { return !v.Basic }) }

func chosen(which func(Variable) bool) []Variable {
	return slices.DeleteFunc(Variables(), func(v Variable) bool { return !which(v) })
}
