package config

import (
	"fmt"
	"regexp"
	"strings"

	"fantail/cmd/fantail/internal/text"
)

// Prefix is the beginning of all names of variables.
const Prefix = "FANTAIL_"

// injected matches the variables that Kubernetes sets in every pod for a service
// whose name begins with "fantail", such as FANTAIL_SERVICE_HOST,
// FANTAIL_PORT_8080_TCP_ADDR or FANTAIL_ADMIN_SERVICE_PORT_HTTP.
var injected = regexp.MustCompile(`^FANTAIL_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)=` +
	`|^FANTAIL_(\w+_)?PORT=(tcp|udp|sctp)://`)

// rejectUnknown rejects variables with our prefix that do not exist. Otherwise a misspelt
// name would be silently ignored. The environ has the form of os.Environ.
func (p *parser) rejectUnknown(environ []string) {
	known := make(map[string]bool, len(p.vars))
	names := make([]string, 0, len(p.vars))
	for _, v := range p.vars {
		known[v.Name] = true
		names = append(names, strings.TrimPrefix(v.Name, Prefix))
	}
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, Prefix) || known[name] || injected.MatchString(entry) {
			continue
		}
		advice := "fantail -h lists all variables"
		if near := text.Nearest(strings.TrimPrefix(name, Prefix), names); near != "" {
			advice = "did you mean " + Prefix + near + "?"
		}
		p.add(name, fmt.Errorf("no such variable; %s", advice))
	}
}
