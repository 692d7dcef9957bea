package stage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Action is what a Rule does.
type Action uint8

const (
	Reply     Action = iota // send something back
	Drop                    // do nothing; the message is not for the clients
	Reconnect               // end the connection and make another
	Fatal                   // end the connection, raise an alarm, and try again after FatalWait
	actions                 // number of actions
)

var actionWords = [actions]string{"reply", "drop", "reconnect", "fatal"}

// String returns the action's word.
func (a Action) String() string {
	if a < actions {
		return actionWords[a]
	}
	return fmt.Sprintf("Action(%d)", uint8(a))
}

// Rule says what to do about a message that is part of the source's protocol rather than
// of the feed. The first rule that matches a message counts.
type Rule struct {
	Match string   // a Go regular expression (RE2), held against the whole message; at most 4 KiB
	Do    Action   // what happens
	Send  []string // of Reply: templates of text frames; $1 and ${name} stand for Match's groups, $$ for $
	Relay bool     // the message also goes to the clients
}

// Bounds of rules.
const (
	maxRules    = 64
	maxMatch    = 4 << 10  // bytes of a regular expression
	maxSends    = 256      // frames of a rule
	maxTemplate = 64 << 10 // bytes of a template, and of the frame that it makes
)

// ParseRules reads rules from a JSON array of objects:
//
//	[{"match":"^PING (.*)","do":"reply","send":"PONG $1"},
//	 {"match":"\"authenticated\"","do":"reply","send":{"op":"subscribe"},"relay":true}]
//
// "send" is one frame or an array of frames. A string is sent as it is, any other value as
// JSON. An empty text has no rules. The error holds every problem, with the number of its
// rule. It holds nothing of "send", which may be secret.
func ParseRules(text []byte) ([]Rule, error) {
	var wire []json.RawMessage
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(text, &wire); err != nil || wire == nil {
		return nil, fmt.Errorf(`not a JSON array%s; write rules such as [{"match":"^PING (.*)","do":"reply","send":"PONG $1"}]`, whereJSON(err))
	}
	list := make([]Rule, len(wire))
	var bad []error
	for i, w := range wire {
		var err error
		if list[i], err = parseRule(w); err != nil {
			bad = append(bad, fmt.Errorf("rule %d %w", i+1, err))
		}
	}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
	}
	_, err := compileRules(list)
	return list, err
}

// wireRule is a Rule's JSON.
type wireRule struct {
	Match string          `json:"match"`
	Do    string          `json:"do"`
	Send  json.RawMessage `json:"send"`
	Relay bool            `json:"relay"`
}

func parseRule(text []byte) (Rule, error) {
	var w wireRule
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil || text[0] != '{' {
		return Rule{}, fmt.Errorf(`is no object of "match" and "do", perhaps "send" and "relay"%s`, explainJSON(err))
	}
	do := slices.Index(actionWords[:], w.Do)
	if do < 0 {
		return Rule{}, fmt.Errorf(`has "do":%.40q; write one of %s`, w.Do, strings.Join(actionWords[:], ", "))
	}
	return Rule{Match: w.Match, Do: Action(do), Send: parseSends(w.Send), Relay: w.Relay}, nil
}

// parseSends returns the frames that a valid JSON value stands for.
func parseSends(value json.RawMessage) []string {
	var list []json.RawMessage
	switch {
	case len(value) == 0:
		return nil
	case value[0] != '[':
		return []string{frameOf(value)}
	}
	_ = json.Unmarshal(value, &list) // cannot fail: it was parsed before
	sends := make([]string, len(list))
	for i, v := range list {
		sends[i] = frameOf(v)
	}
	return sends
}

// frameOf returns the text that a valid JSON value stands for.
func frameOf(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil && value[0] == '"' {
		return text
	}
	var compact bytes.Buffer
	_ = json.Compact(&compact, value) // cannot fail: it was parsed before
	return compact.String()
}

// whereJSON returns the byte at which a JSON text becomes invalid, without quoting the text.
func whereJSON(err error) string {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf(" (byte %d)", e.Offset)
	}
	return ""
}

// explainJSON names the field that is wrong, without its value.
func explainJSON(err error) string {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && e.Field != "" {
		return fmt.Sprintf("; %q is not of the right type", e.Field)
	}
	if err != nil && strings.Contains(err.Error(), "unknown field") {
		return "; it has an " + strings.TrimPrefix(err.Error(), "json: ")
	}
	return ""
}

// check returns what is wrong with the parts of a rule in combination.
func (r Rule) check(re *regexp.Regexp) error {
	switch {
	case r.Do >= actions:
		return fmt.Errorf("has the unknown action %v", r.Do)
	case r.Do == Reply && len(r.Send) == 0:
		return errors.New(`replies nothing; write "send"`)
	case r.Do != Reply && len(r.Send) > 0:
		return fmt.Errorf(`has "send", which only "do":"reply" knows; remove it, or "do":"%v"`, r.Do)
	case r.Do == Drop && r.Relay:
		return errors.New(`drops and relays; remove "relay"`)
	case len(r.Send) > maxSends:
		return fmt.Errorf("sends %d frames; write at most %d", len(r.Send), maxSends)
	}
	var bad []error
	for i, send := range r.Send {
		if err := checkTemplate(send, re); err != nil {
			bad = append(bad, fmt.Errorf("has a frame %d that %w", i+1, err))
		}
	}
	return errors.Join(bad...)
}

// reference matches a $ in a template and the name after it.
var reference = regexp.MustCompile(`\$(?:\$|\{[^{}]*\}|\w*)`)

// checkTemplate refuses references to groups that the expression does not have, because
// they would be empty without a warning. Its error never quotes the template.
func checkTemplate(template string, re *regexp.Regexp) error {
	if len(template) > maxTemplate {
		return fmt.Errorf("has %d bytes; write at most %d", len(template), maxTemplate)
	}
	for _, ref := range reference.FindAllString(template, -1) {
		name := strings.Trim(ref[1:], "{}")
		switch {
		case ref == "$$":
		case name == "":
			return errors.New("has a $ without a name; write $$ for a dollar sign, $1 for the first group")
		case !hasGroup(re, name):
			return fmt.Errorf(`names the group %.40q, which "match" does not have; write $$ for a dollar sign, ${1} before a letter`, name)
		}
	}
	return nil
}

func hasGroup(re *regexp.Regexp, name string) bool {
	for i, group := range re.SubexpNames() {
		if name == group || name == fmt.Sprint(i) {
			return true
		}
	}
	return false
}
