package hub

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "fantail/"

// rooms lists the packages of the module, and for each the rooms of the module that it
// may import; tests are left out. A new package needs a row here, and so does a new
// arrow: ask first whether it runs downwards, from what knows more to what knows less.
// cmd knows all, feed and relay know the hub and never each other, and the hub knows
// neither.
var rooms = map[string]string{
	"cmd/fantail": "cmd/fantail/internal/bench cmd/fantail/internal/check cmd/fantail/internal/cli cmd/fantail/internal/config " +
		"cmd/fantail/internal/health cmd/fantail/internal/replay cmd/fantail/internal/serve cmd/fantail/internal/tail " +
		"cmd/fantail/internal/text",
	"cmd/fantail/e2e/sourcetest": "hub/websocket",
	"cmd/fantail/internal/bench": "cmd/fantail/internal/bench/floor cmd/fantail/internal/bench/load cmd/fantail/internal/bench/plot " +
		"cmd/fantail/internal/cli cmd/fantail/internal/config cmd/fantail/internal/text hub hub/websocket",
	"cmd/fantail/internal/bench/floor": "cmd/fantail/internal/bench/load hub/websocket",
	"cmd/fantail/internal/bench/load":  "hub/websocket",
	"cmd/fantail/internal/bench/plot":  "",
	"cmd/fantail/internal/check":       "cmd/fantail/internal/cli cmd/fantail/internal/config cmd/fantail/internal/text feed feed/driver hub",
	"cmd/fantail/internal/cli":         "cmd/fantail/internal/text",
	"cmd/fantail/internal/cmdtest":     "cmd/fantail/internal/cli feed/recording hub hub/websocket",
	"cmd/fantail/internal/config":      "cmd/fantail/internal/text feed feed/driver feed/stage hub hub/setting relay",
	"cmd/fantail/internal/health":      "cmd/fantail/internal/cli cmd/fantail/internal/config",
	"cmd/fantail/internal/replay":      "cmd/fantail/internal/cli cmd/fantail/internal/config cmd/fantail/internal/text feed/driver feed/recording hub hub/websocket",
	"cmd/fantail/internal/serve": "cmd/fantail/internal/cli cmd/fantail/internal/config cmd/fantail/internal/text feed feed/driver hub " +
		"hub/setting relay",
	"cmd/fantail/internal/servetest": "cmd/fantail/internal/config cmd/fantail/internal/serve hub/peertest",
	"cmd/fantail/internal/tail": "cmd/fantail/internal/cli cmd/fantail/internal/config cmd/fantail/internal/text feed feed/recording hub " +
		"hub/fantailv1 relay",
	"cmd/fantail/internal/text": "",

	"examples":       "",
	"examples/embed": "feed hub relay",

	"feed": "feed/amqp feed/arbiter feed/demo feed/driver feed/httpstream feed/internal/dial feed/internal/redact " +
		"feed/internal/retry feed/internal/throttle feed/nats feed/push feed/recording feed/redis feed/renew feed/stage " +
		"feed/stdin feed/ws hub hub/fantailv1 hub/setting",
	"feed/amqp":              "feed/driver feed/internal/broker feed/internal/redact",
	"feed/arbiter":           "hub",
	"feed/brokertest":        "hub/nettest",
	"feed/demo":              "feed/driver hub",
	"feed/driver":            "hub hub/fantailv1 hub/setting",
	"feed/httpstream":        "feed/driver feed/internal/dial feed/internal/lines feed/internal/redact hub hub/fantailv1",
	"feed/internal/broker":   "feed/driver feed/internal/dial feed/internal/redact hub hub/setting",
	"feed/internal/dial":     "feed/driver feed/internal/redact hub/setting hub/websocket",
	"feed/internal/feedrun":  "feed feed/brokertest feed/driver feed/internal/broker feed/internal/feedtest hub hub/peertest",
	"feed/internal/feedtest": "feed/driver feed/stage hub hub/nettest hub/peertest hub/websocket",
	"feed/internal/lines":    "",
	"feed/internal/redact":   "",
	"feed/internal/retry":    "",
	"feed/internal/throttle": "",
	"feed/nats":              "feed/driver feed/internal/broker feed/internal/dial feed/internal/redact",
	"feed/push":              "feed/driver hub",
	"feed/recording":         "feed/driver feed/internal/lines hub",
	"feed/redis":             "feed/driver feed/internal/broker feed/internal/redact hub/setting",
	"feed/renew":             "feed/driver feed/internal/retry feed/stage hub/setting",
	"feed/stage":             "feed/driver feed/internal/redact feed/internal/throttle hub hub/setting",
	"feed/stdin":             "feed/driver feed/internal/lines hub",
	"feed/ws":                "feed/driver feed/internal/dial feed/internal/redact hub hub/fantailv1 hub/websocket",

	"relay": "hub hub/fantailv1 hub/setting hub/websocket",

	"hub":           "",
	"hub/fantailv1": "hub",
	"hub/leaktest":  "hub/peertest hub/skiptest",
	"hub/nettest":   "",
	"hub/peertest":  "",
	"hub/setting":   "",
	"hub/skiptest":  "",
	"hub/websocket": "hub",
}

// planned are the rooms and arrows to come. A row moves into rooms with its package.
var planned = map[string]string{
	"relay/access":  "",                // types and decisions; relay asks it
	"feed/backbone": "hub hub/setting", // the log that replicas share; below feed
}

// libraries are what few rooms may import, and which.
var libraries = map[string]string{
	"nhooyr.io/websocket":                  "hub/websocket",
	"github.com/kelseyhightower/envconfig": "cmd/fantail/internal/config",
	"github.com/rabbitmq/amqp091-go":       "feed/amqp",
	"github.com/nats-io/nats.go":           "feed/nats",
	"github.com/redis/go-redis/v9":         "feed/redis",
}

// door is the only file that imports nhooyr.io/websocket.
const door = "hub/websocket/door.go"

// hubForbids is what the hub itself is written without.
var hubForbids = []string{"net/http", "github.com/rs/zerolog"}

// TestArrows holds the imports of all packages against the tables.
func TestArrows(t *testing.T) {
	found := imports(t)
	for room, all := range found {
		row, known := rooms[room]
		if !known {
			t.Errorf("the room %s has no row in rooms", room)
			continue
		}
		allowed := strings.Fields(row)
		for _, imported := range all {
			to, inside := strings.CutPrefix(imported, module)
			owners, bound := libraries[imported]
			switch {
			case inside && !slices.Contains(allowed, to):
				t.Errorf("%s imports %s, and its row in rooms does not", room, to)
			case bound && !slices.Contains(strings.Fields(owners), room):
				t.Errorf("%s imports %s, which is for %s", room, imported, owners)
			case room == "hub" && slices.Contains(hubForbids, imported):
				t.Errorf("hub imports %s", imported)
			}
		}
		for _, to := range allowed {
			if !slices.Contains(all, module+to) {
				t.Errorf("%s does not import %s, and its row in rooms does", room, to)
			}
		}
	}
	for _, room := range slices.Sorted(maps.Keys(rooms)) {
		if found[room] == nil {
			t.Errorf("rooms has a row for %s, which is not there", room)
		}
	}
	for _, room := range slices.Sorted(maps.Keys(planned)) {
		if found[room] != nil {
			t.Errorf("%s is there; its row belongs to rooms now", room)
		}
	}
}

// imports returns what each package of the module imports, on any system, tests left
// out.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	err := filepath.WalkDir("..", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		room := strings.TrimPrefix(path.Dir(filepath.ToSlash(file)), "../")
		if all[room] == nil {
			all[room] = []string{}
		}
		for _, i := range parsed.Imports {
			name := strings.Trim(i.Path.Value, `"`)
			if name == "nhooyr.io/websocket" && !strings.HasSuffix(filepath.ToSlash(file), door) {
				t.Errorf("%s imports %s; %s is its only door", file, name, door)
			}
			if !slices.Contains(all[room], name) {
				all[room] = append(all[room], name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
