package config

import "fmt"

const (
	// spareFiles is what the relay itself holds open: listeners, the source, the
	// poller, scrapes of the admin listener, files read again.
	spareFiles = 64

	// mostClients is the bound where the system has none worth the name.
	mostClients = 1 << 20
)

// parseMaxClients parses the number of clients and holds it against the limit
// on open files: past that limit clients would hang unaccepted instead of being
// refused with 503.
func parseMaxClients(s string) (int, error) {
	most := clientsFor(fileLimit())
	n, err := autoOr(most, count(1, mostClients))(s)
	if err == nil && n > most {
		err = fmt.Errorf("the limit on open files allows %d; raise it (ulimit -n) or write auto", most)
	}
	return n, err
}

// clientsFor returns how many clients fit into a limit on open files. Each is
// one file. Besides spareFiles a sixteenth is kept free for connections that are
// in their handshake or about to be refused.
func clientsFor(files uint64) int {
	files = min(files, 2*mostClients)
	most := int(files) - int(files/16) - spareFiles
	return min(max(most, 1), mostClients)
}
