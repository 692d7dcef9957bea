package stage

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fantail/feed/internal/redact"
)

func TestParseRules(t *testing.T) {
	tests := []struct {
		in   string
		want []Rule
	}{
		{"", nil},
		{"[]", []Rule{}},
		{`[{"match":"a","do":"drop"}]`, []Rule{{Match: "a", Do: Drop}}},
		{`[{"match":"a","do":"reconnect","relay":true},{"match":"b","do":"fatal"}]`, []Rule{{Match: "a", Do: Reconnect, Relay: true}, {Match: "b", Do: Fatal}}},
		{`[{"match":"a","do":"reply","send":"x"}]`, []Rule{{Match: "a", Send: []string{"x"}}}},
		{`[{"match":"a","do":"reply","send":{"op": "x", "n": 1.0}}]`, []Rule{{Match: "a", Send: []string{`{"op":"x","n":1.0}`}}}},
		{`[{"match":"a","do":"reply","send":["x", {"a": 1}, [null, "2"]]}]`, []Rule{{Match: "a", Send: []string{"x", `{"a":1}`, `[null,"2"]`}}}},
	}
	for _, tt := range tests {
		got, err := ParseRules([]byte(tt.in))
		if err != nil || fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: got %+v, %v; want %+v", tt.in, got, err, tt.want)
		}
	}
}

// TestParseRulesProblems checks that an error names the rule's number, and holds nothing of
// what is sent.
func TestParseRulesProblems(t *testing.T) {
	many := "[" + strings.Repeat(`{"match":"a","do":"drop"},`, maxRules) + `{"match":"a","do":"drop"}]`
	tests := []struct {
		in   string
		want []string
	}{
		{"geheim", []string{"not a JSON array (byte 1)", "write rules such as"}},
		{`{"match":"a"}`, []string{"not a JSON array"}},
		{"null", []string{"not a JSON array"}},
		{`[1]`, []string{"rule 1 is no object"}},
		{`[null]`, []string{"rule 1 is no object"}},
		{`[{"match":1,"do":"drop"}]`, []string{`rule 1 is no object`, `"match" is not of the right type`}},
		{`[{"match":"a","do":"drop","sends":"geheim"}]`, []string{`unknown field "sends"`}},
		{`[{"match":"a"}]`, []string{`rule 1 has "do":""; write one of reply, drop, reconnect, fatal`}},
		{`[{"match":"a","do":"drop"},{"do":"drop"},{"match":"(","do":"drop"}]`, []string{`rule 2 has no "match"`, `rule 3 has a "match" that is no Go regular expression`}},
		{`[{"match":"a","do":"reply"}]`, []string{`rule 1 replies nothing`}},
		{`[{"match":"a","do":"reply","send":[]}]`, []string{`rule 1 replies nothing`}},
		{`[{"match":"a","do":"drop","send":"geheim"}]`, []string{`rule 1 has "send"`, `remove it, or "do":"drop"`}},
		{`[{"match":"a","do":"drop","relay":true}]`, []string{"drops and relays"}},
		{`[{"match":"a","do":"reply","send":"geheim $1"}]`, []string{`frame 1 that names the group "1"`}},
		{`[{"match":"(a)","do":"reply","send":["$1","${1}x","$1x geheim"]}]`, []string{`frame 3 that names the group "1x"`, "${1}"}},
		{`[{"match":"(?P<n>a)","do":"reply","send":"$n $m"}]`, []string{`the group "m"`}},
		{`[{"match":"a","do":"reply","send":{"$type":"geheim"}}]`, []string{`the group "type"`, "$$ for a dollar"}},
		{`[{"match":"a","do":"reply","send":"5 $"}]`, []string{"$ without a name"}},
		{many, []string{"65 rules; write at most 64"}},
	}
	for _, tt := range tests {
		got, err := ParseRules([]byte(tt.in))
		if err == nil || !holdsAll(err.Error(), tt.want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%.80s: got %+v, %v; want %q", tt.in, got, err, tt.want)
		}
	}
}

// TestRulesOfRealFeeds holds the messages of real protocols against rules that a subscriber
// would write.
func TestRulesOfRealFeeds(t *testing.T) {
	tests := []struct {
		feed, rules, in string
		do              Action
		sends           []string // of Reply
	}{
		{"Twitch", `[{"match":"^PING (.*)","do":"reply","send":"PONG $1"}]`, "PING :tmi.twitch.tv", Reply, []string{"PONG :tmi.twitch.tv"}},
		{"Twitch", `[{"match":"^:\\S+ RECONNECT","do":"reconnect"}]`, ":tmi.twitch.tv RECONNECT", Reconnect, nil},
		{"Twitch", `[{"match":"NOTICE \\* :Login authentication failed","do":"fatal"}]`, ":tmi.twitch.tv NOTICE * :Login authentication failed", Fatal, nil},
		{"OKX", `[{"match":"^pong$","do":"drop"}]`, "pong", Drop, nil},
		{"OKX", `[{"match":"\"code\":\"64008\"","do":"reconnect"}]`, `{"event":"notice","code":"64008","msg":"soon","connId":"a4d3ae55"}`, Reconnect, nil},
		{"Deribit", `[{"match":"\"type\":\"test_request\"","do":"reply","send":{"jsonrpc":"2.0","id":3,"method":"public/test","params":{}}}]`,
			`{"jsonrpc":"2.0","method":"heartbeat","params":{"type":"test_request"}}`, Reply, []string{`{"jsonrpc":"2.0","id":3,"method":"public/test","params":{}}`}},
		{"Pusher", `[{"match":"^{\"event\":\"pusher:connection_established\"","do":"reply","send":[{"event":"pusher:subscribe","data":{"channel":"a"}},{"event":"pusher:subscribe","data":{"channel":"b"}}]}]`,
			`{"event":"pusher:connection_established","data":"{\"socket_id\":\"123.456\"}"}`, Reply,
			[]string{`{"event":"pusher:subscribe","data":{"channel":"a"}}`, `{"event":"pusher:subscribe","data":{"channel":"b"}}`}},
		{"Pusher", `[{"match":"\"pusher:error\",\"data\":{\"code\":40","do":"fatal"}]`, `{"event":"pusher:error","data":{"code":4001,"message":"no such app"}}`, Fatal, nil},
		{"Alpaca", `[{"match":"\"msg\":\"connected\"","do":"reply","send":{"action":"auth","key":"K","secret":"S"}}]`,
			`{"T":"success","msg":"connected"}`, Reply, []string{`{"action":"auth","key":"K","secret":"S"}`}},
		{"Finnhub", `[{"match":"^{\"type\":\"ping\"}$","do":"drop"}]`, `{"type":"ping"}`, Drop, nil},
		{"Slack", `[{"match":"^{\"envelope_id\":\"([^\"]+)\"","do":"reply","send":{"envelope_id":"$1"},"relay":true}]`,
			`{"envelope_id":"57d6","type":"events_api"}`, Reply, []string{`{"envelope_id":"57d6"}`}},
		{"Phoenix", `[{"match":"^\\[null,\"(?P<ref>\\d+)\",\"phoenix\"","do":"reply","send":"[null,\"${ref}0\",\"$$\"]"}]`,
			`[null,"2","phoenix","phx_reply",{}]`, Reply, []string{`[null,"20","$"]`}},
		{"the first counts", `[{"match":"b","do":"drop"},{"match":"a","do":"reconnect"},{"match":"ab","do":"fatal"}]`, "xab", Drop, nil},
	}
	for _, tt := range tests {
		list, err := ParseRules([]byte(tt.rules))
		if err != nil {
			t.Errorf("%s: %v", tt.feed, err)
			continue
		}
		rs, _ := compileRules(list)
		rule, at := rs.find([]byte(tt.in))
		if rule == nil || rule.Do != tt.do {
			t.Errorf("%s: %s found %v, want %v", tt.feed, tt.in, rule, tt.do)
			continue
		}
		var sends []string
		for _, template := range rule.Send {
			frame, _ := rule.expand(template, []byte(tt.in), at)
			sends = append(sends, frame)
		}
		if !slices.Equal(sends, tt.sends) {
			t.Errorf("%s: sends %q, want %q", tt.feed, sends, tt.sends)
		}
		if other, _ := rs.find([]byte("something else")); other != nil {
			t.Errorf("%s: %v matches something else", tt.feed, other)
		}
	}
}

func TestActionWords(t *testing.T) {
	if got := fmt.Sprint(Reply, Drop, Reconnect, Fatal, actions); got != "reply drop reconnect fatal Action(4)" {
		t.Errorf("got %s", got)
	}
}

// TestReplyIsBounded checks that a reply is not sent if its template repeats a long message.
func TestReplyIsBounded(t *testing.T) {
	rs, err := compileRules([]Rule{{Match: "(.*)", Send: []string{"$1$1"}}})
	if err != nil {
		t.Fatal(err)
	}
	for size, want := range map[int]bool{100: true, maxTemplate/2 + 1: false, 1 << 20: false} {
		payload := []byte(strings.Repeat("x", size))
		rule, at := rs.find(payload)
		if _, short := rule.expand(rule.Send[0], payload, at); short != want {
			t.Errorf("%d bytes: %v, want %v", size, short, want)
		}
	}
}

// FuzzRules checks that all rules that are accepted can be applied, within bounds.
func FuzzRules(f *testing.F) {
	f.Add(`[{"match":"^PING (.*)","do":"reply","send":"PONG $1"}]`, "PING x")
	f.Add(`[{"match":"(?P<a>.)","do":"reply","send":["${a}$$",{"$$":1}],"relay":true}]`, "é")
	f.Add(`[{"match":"a","do":"fatal"},{"match":"(","do":"drop"}]`, "a")
	f.Fuzz(func(t *testing.T, spec, message string) {
		list, err := ParseRules([]byte(spec))
		if err != nil {
			return
		}
		rs, err := compileRules(list)
		if err != nil || len(rs) > maxRules {
			t.Fatalf("parsed, but %d rules do not compile: %v", len(rs), err)
		}
		rule, at := rs.find([]byte(message))
		if rule == nil {
			return
		}
		for _, template := range rule.Send {
			if frame, short := rule.expand(template, []byte(message), at); short && len(frame) > maxTemplate {
				t.Errorf("a reply of %d bytes", len(frame))
			}
			redact.Frame(template)
		}
	})
}

// holdsAll reports whether a text contains each of the words.
func holdsAll(text string, words []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}
