package relay

import (
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"fantail/hub"
)

// Each fault has a sentence that names it and says what to change.
func TestQueryRefusals(t *testing.T) {
	const at = "k3v9q2mx-5"
	for raw, want := range map[string]string{
		"since=":                                "parameter since: not a position",
		"since=k3v9q2mx":                        "a position looks like",
		"since=k3v9q2mx-":                       "parameter since",
		"since=K3V9Q2MX-5":                      "parameter since",
		"since=k3v9q2mx-05":                     "parameter since",
		"since=k3v9q2mx--5":                     "parameter since",
		"since=k3v9q2mx-99999999999999999999":   "parameter since",
		"since=" + strings.Repeat("k", 10_000):  `not a position: "kkkk`,
		"last=":                                 "parameter last",
		"last=0":                                "from 1 to 16777216",
		"last=-3":                               "parameter last",
		"last=16777217":                         "parameter last",
		"last=1e3":                              `"1e3" is not a number of messages`,
		"snapshot=":                             "write snapshot=1 or leave it out",
		"snapshot=true":                         `"true"`,
		"policy=":                               "it is evict, skip or conflate",
		"policy=Skip":                           `"Skip"`,
		"key=":                                  "parameter key: an empty key; write * for all keys",
		"key=" + strings.Repeat("k", 1<<20):     "parameter key: a key of 1048576 bytes",
		strings.Repeat("key=a&", 256) + "key=b": "give at most 256",
		"since=" + at + "&last=1":               "since, last and snapshot each say where to begin; give one of them",
		"last=1&snapshot=1":                     "give one of them",
		"snapshot=1&since=" + at:                "give one of them",
		"last=1&last=2":                         `parameter "last" is given 2 times; give it once`,
		"Since=" + at:                           `unknown parameter "Since"; known are since, last, snapshot, key and policy`,
		strings.Repeat("x", 500) + "=1":         "unknown parameter",
		"%":                                     "the query cannot be read",
		"a;b":                                   "the query cannot be read",
	} {
		_, refused := parseQuery(raw, "")
		if refused == nil || refused.reason != refusedQuery || !strings.Contains(refused.sentence, want) || len(refused.sentence) > 200 {
			t.Errorf("%.60q: %v, want %q", raw, refused, want)
		}
	}
}

func TestQueryIsRead(t *testing.T) {
	q, refused := parseQuery("key=a&key=b*&last=7&policy=skip", "")
	if refused != nil || q.last != 7 || *q.policy != hub.Skip || !q.filter.Match("a") || !q.filter.Match("bx") || q.filter.Match("c") {
		t.Errorf("%+v, %v", q, refused)
	}
	if q, refused := parseQuery("", ""); refused != nil || q != (query{}) {
		t.Errorf("%+v, %v of nothing", q, refused)
	}
}

// decided has a relay's rules decide about a query and a Last-Event-ID.
func decided(r *Relay, f format, raw, lastEventID string) (grant, *refusal) {
	ask := request{format: f}
	ask.query, ask.badQuery = parseQuery(raw, lastEventID)
	return r.rules.decide(ask)
}

func TestPolicyChoice(t *testing.T) {
	plain, snap := NewHub(hub.Config{}), NewHub(hub.Config{Snapshot: hub.SnapshotSize{Keys: 1}})
	defer plain.Close()
	defer snap.Close()
	for name, tt := range map[string]struct {
		config Config
		raw    bool
		query  string
		want   hub.Policy
		no     string
	}{
		"default":                     {Config{Hub: plain}, false, "", hub.Evict, ""},
		"the operator's":              {Config{Hub: plain, Delivery: Delivery{Policy: hub.Skip}}, false, "", hub.Skip, ""},
		"the operator's, raw":         {Config{Hub: plain, Delivery: Delivery{Policy: hub.Skip}}, true, "", hub.Evict, ""},
		"the client's":                {Config{Hub: snap, Delivery: Delivery{Policy: hub.Skip}}, false, "policy=conflate", hub.Conflate, ""},
		"skip, raw":                   {Config{Hub: plain}, true, "policy=skip", 0, "a raw WebSocket cannot be told of gaps; use the subprotocol fantail.v1, /sse or /stream"},
		"conflate, raw":               {Config{Hub: snap}, true, "policy=conflate", 0, "a raw WebSocket"},
		"evict, raw":                  {Config{Hub: plain, Delivery: Delivery{Policy: hub.Skip}}, true, "policy=evict", hub.Evict, ""},
		"conflate without snapshot":   {Config{Hub: plain}, false, "policy=conflate", 0, "this relay keeps no snapshot to conflate with"},
		"fixed":                       {Config{Hub: plain, Delivery: Delivery{FixedPolicy: true}}, false, "policy=skip", 0, "clients of this relay may not choose"},
		"fixed, and asked for":        {Config{Hub: plain, Delivery: Delivery{FixedPolicy: true, Policy: hub.Skip}}, false, "policy=skip", hub.Skip, ""},
		"fixed, nothing asked for":    {Config{Hub: snap, Delivery: Delivery{FixedPolicy: true, Policy: hub.Conflate}}, false, "", hub.Conflate, ""},
		"a snapshot that is not kept": {Config{Hub: plain}, false, "snapshot=1", 0, "parameter snapshot: this relay keeps no snapshot"},
		"no key where one is wanted":  {Config{Hub: plain, Access: Access{KeyRequired: true}}, false, "", 0, "add key=<key>, or key=<prefix>*"},
		"a key where one is wanted":   {Config{Hub: plain, Access: Access{KeyRequired: true}}, false, "key=a", hub.Evict, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tt.config.Log = zerolog.Nop()
			r, err := New(tt.config)
			if err != nil {
				t.Fatal(err)
			}
			f := formatEnvelope
			if tt.raw {
				f = formatRaw
			}
			got, refused := decided(r, f, tt.query, "")
			if tt.no == "" && (refused != nil || got.policy != tt.want) || tt.no != "" && (refused == nil || !strings.Contains(refused.sentence, tt.no)) {
				t.Errorf("policy %d, %+v; want %d, %q", got.policy, refused, tt.want, tt.no)
			}
		})
	}
	if _, err := New(Config{Hub: plain, Delivery: Delivery{Policy: hub.Conflate}}); err == nil || !strings.Contains(err.Error(), "Config.Snapshot") {
		t.Errorf("conflate for all without a snapshot: %v", err)
	}
}

// An EventSource sends its URL again, and where it was in a header: that is newer.
func TestLastEventID(t *testing.T) {
	h := NewHub(hub.Config{Snapshot: hub.SnapshotSize{Keys: 1}})
	defer h.Close()
	r, _ := New(Config{Hub: h, Log: zerolog.Nop()})
	for _, raw := range []string{"", "since=k3v9q2mx-5", "last=3", "snapshot=1"} {
		g, refused := decided(r, formatSSE, raw, "k3v9q2mx-7")
		if q := g.query; refused != nil || q.since == nil || q.since.Seq != 7 || q.last > 0 || q.snapshot {
			t.Errorf("%q: %+v, %v", raw, q, refused)
		}
	}
	if _, refused := decided(r, formatSSE, "", "7"); refused == nil || !strings.Contains(refused.sentence, "header Last-Event-ID: not a position") {
		t.Errorf("%+v", refused)
	}
}
