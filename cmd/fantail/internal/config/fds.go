package config

import "fmt"

const (
	// spareFiles is the number of files that the relay itself has open: listeners, the
	// source, the poller, scrapes of the admin listener, files that it reads again.
	spareFiles = 64

	// mostClients is the bound on a system with a higher limit or without one.
	mostClients = 1 << 20
)

// parseMaxClients parses the number of clients and compares it with the limit on open
// files. Beyond that limit clients would wait for accept, instead of being refused with
// 503.
func parseMaxClients(s string) (int, error) {
	most := clientsFor(fileLimit())
	n, err := autoOr(most, count(1, mostClients))(s)
	if err == nil && n > most {
		err = fmt.Errorf("the limit on open files allows %d; raise it (ulimit -n) or write auto", most)
	}
	return n, err
}

// clientsFor returns the number of clients that fit into a limit on open files. Each is
// one file. Besides spareFiles a sixteenth stays free, for connections that are in their
// handshake or about to be refused.
func clientsFor(files uint64) int {
	files = min(files, 2*mostClients)
	most := int(files) - int(files/16) - spareFiles
	return min(max(most, 1), mostClients)
}
