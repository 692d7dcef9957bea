package examples

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// composition holds the parts of a compose file that the tests look at.
type composition struct {
	Services map[string]service `yaml:"services"`
}

type service struct {
	Command         []string          `yaml:"command"`
	Environment     map[string]string `yaml:"environment"`
	EnvFile         string            `yaml:"env_file"`
	Volumes         []string          `yaml:"volumes"`
	Ports           []string          `yaml:"ports"`
	Healthcheck     healthcheck       `yaml:"healthcheck"`
	ReadOnly        bool              `yaml:"read_only"`
	CapDrop         []string          `yaml:"cap_drop"`
	SecurityOpt     []string          `yaml:"security_opt"`
	MemLimit        string            `yaml:"mem_limit"`
	StopGracePeriod time.Duration     `yaml:"stop_grace_period"`
}

type healthcheck struct {
	Test    []string `yaml:"test"`
	Disable bool     `yaml:"disable"`
}

// compose reads the compose file.
func compose(t *testing.T) (relay, source service) {
	t.Helper()
	var c composition
	if err := yaml.Unmarshal([]byte(readFile(t, "compose/compose.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	relay, haveRelay := c.Services["relay"]
	source, haveSource := c.Services["source"]
	if !haveRelay || !haveSource || len(c.Services) != 2 {
		t.Fatalf("services %v, want a relay and a source", c.Services)
	}
	return relay, source
}

func TestComposeIsHardened(t *testing.T) {
	relay, source := compose(t)
	for name, s := range map[string]service{"relay": relay, "source": source} {
		if !s.ReadOnly || strings.Join(s.CapDrop, " ") != "ALL" || s.MemLimit == "" || strings.Join(s.SecurityOpt, " ") != "no-new-privileges:true" {
			t.Errorf("%s may write, has capabilities, may gain privileges, or has no memory limit: %+v", name, s)
		}
	}
	if strings.Join(relay.Healthcheck.Test, " ") != "CMD /fantail health" || !source.Healthcheck.Disable {
		t.Errorf("health checks %+v and %+v; want fantail health for the relay alone", relay.Healthcheck, source.Healthcheck)
	}
	for _, port := range relay.Ports {
		if strings.HasSuffix(port, ":9090") && !strings.HasPrefix(port, "127.0.0.1:") {
			t.Errorf("port %s publishes the admin listener to the world", port)
		}
	}
}

func TestComposeKnowsTheRelaysVariables(t *testing.T) {
	help := usage(t, build(t, "fantail/cmd/fantail"))
	relay, source := compose(t)
	for name := range relay.Environment {
		if strings.HasPrefix(name, "FANTAIL_") && !strings.Contains(help, "  "+name+" ") {
			t.Errorf("%s is no variable of fantail's", name)
		}
	}
	if len(source.Environment) > 0 {
		t.Errorf("the source has variables %v, and replay knows none", source.Environment)
	}
	drain := defaultOf(t, help, "FANTAIL_DRAIN_DELAY") + defaultOf(t, help, "FANTAIL_DRAIN_WINDOW")
	if relay.StopGracePeriod < drain+time.Second {
		t.Errorf("the relay is killed after %v and takes %v to drain", relay.StopGracePeriod, drain)
	}
}

// usage returns what fantail -h prints.
func usage(t *testing.T, fantail string) string {
	t.Helper()
	p := launch(t, nil, fantail, "-h")
	var help strings.Builder
	if _, err := p.out.WriteTo(&help); err != nil {
		t.Fatal(err)
	}
	p.exited()
	return help.String()
}

// defaultOf returns a duration that the help tells as a variable's default.
func defaultOf(t *testing.T, help, variable string) time.Duration {
	t.Helper()
	found := regexp.MustCompile(`(?m)^  ` + variable + ` [^\[]*\[(\S+)\]`).FindStringSubmatch(help)
	if found == nil {
		t.Fatalf("the help has no default of %s", variable)
	}
	d, err := time.ParseDuration(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestComposeRuns runs the commands of the compose file as processes, with the
// addresses and directories that a container engine would provide.
func TestComposeRuns(t *testing.T) {
	relay, source := compose(t)
	fantail := build(t, "fantail/cmd/fantail")

	directory, mount, _ := strings.Cut(strings.TrimSuffix(source.Volumes[0], ":ro"), ":")
	recording := filepath.Join("compose", directory)
	command := strings.Join(source.Command, "\n")
	command = strings.ReplaceAll(command, mount, recording)
	command = strings.ReplaceAll(command, "\n:9000\n", "\n127.0.0.1:0\n")
	address := launch(t, nil, fantail, strings.Split(command, "\n")...).find(` at (ws://127.0.0.1:\d+/)`)

	environment := []string{"FANTAIL_LISTEN=127.0.0.1:0", "FANTAIL_ADMIN_LISTEN=127.0.0.1:0", "FANTAIL_DRAIN_WINDOW=100ms"}
	for name, value := range relay.Environment {
		environment = append(environment, name+"="+strings.ReplaceAll(value, "ws://source:9000/", address))
	}
	r := launch(t, environment, fantail)
	c := dial(t, r.find(`(ws://127.0.0.1:\d+/ws)`))
	if message := c.message(); !strings.Contains(readFile(t, filepath.Join(recording, "market.txt")), "\tt\t"+message+"\n") {
		t.Errorf("message %q is not in the recording", message)
	}
	r.terminate()
	if code, reason := c.closing(); code != 1001 {
		t.Errorf("closed with %d %q, want 1001", code, reason)
	}
	r.exited()
}
