package examples

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// chat holds the parts of the chat's compose file that the tests look at. The tests in
// cmd/fantail/e2e run the chat with a real nginx and Redis.
type chat struct {
	composition `yaml:",inline"`
	Networks    map[string]struct {
		IPAM struct {
			Config []struct {
				Subnet string `yaml:"subnet"`
			} `yaml:"config"`
		} `yaml:"ipam"`
	} `yaml:"networks"`
}

func readChat(t *testing.T) (c chat, relays map[string]service) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(readFile(t, "chat/compose.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	relays = maps.Clone(c.Services)
	maps.DeleteFunc(relays, func(_ string, s service) bool { return s.EnvFile == "" })
	if len(relays) != 4 || len(c.Services) != 6 {
		t.Fatalf("services %v, want four relays, Redis and nginx", slices.Sorted(maps.Keys(c.Services)))
	}
	return c, relays
}

func TestChatIsHardened(t *testing.T) {
	help := usage(t, build(t, "fantail/cmd/fantail"))
	drain := defaultOf(t, help, "FANTAIL_DRAIN_DELAY") + defaultOf(t, help, "FANTAIL_DRAIN_WINDOW")
	c, relays := readChat(t)
	for name, s := range relays {
		if !s.ReadOnly || strings.Join(s.CapDrop, " ") != "ALL" || s.MemLimit == "" || strings.Join(s.SecurityOpt, " ") != "no-new-privileges:true" ||
			strings.Join(s.Healthcheck.Test, " ") != "CMD /fantail health" {
			t.Errorf("%s may write, has capabilities, may gain privileges, or has no memory limit or health check: %+v", name, s)
		}
		if s.StopGracePeriod < drain+time.Second {
			t.Errorf("%s is killed after %v and takes %v to drain", name, s.StopGracePeriod, drain)
		}
	}
	for name, s := range c.Services {
		if name != "nginx" && len(s.Ports) > 0 {
			t.Errorf("%s can be reached past nginx, at %v", name, s.Ports)
		}
	}
}

// TestChatFilesAgree: nginx asks the relays that there are, which trust the network
// that nginx is in, by variables that Fantail knows.
func TestChatFilesAgree(t *testing.T) {
	help := usage(t, build(t, "fantail/cmd/fantail"))
	c, relays := readChat(t)
	var asked []string
	for _, m := range regexp.MustCompile(`server ([\w-]+):8080`).FindAllStringSubmatch(readFile(t, "chat/nginx.conf"), -1) {
		asked = append(asked, m[1])
	}
	slices.Sort(asked)
	if there := slices.Sorted(maps.Keys(relays)); !slices.Equal(asked, there) {
		t.Errorf("nginx asks %v, there are %v", asked, there)
	}
	for name, s := range relays {
		for line := range strings.Lines(readFile(t, "chat/"+s.EnvFile)) {
			variable, value, ok := strings.Cut(strings.TrimSpace(line), "=")
			switch {
			case !ok || strings.HasPrefix(line, "#"):
			case !strings.Contains(help, "  "+variable+" "):
				t.Errorf("%s: %s is no variable of fantail's", name, variable)
			case variable == "FANTAIL_TRUSTED_PROXIES" && value != c.Networks["default"].IPAM.Config[0].Subnet:
				t.Errorf("%s trusts %s, and the network is %v", name, value, c.Networks)
			}
		}
	}
}
