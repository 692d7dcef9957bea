package serve

import (
	"errors"
	"io/fs"
	"math"
	"os"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/dustin/go-humanize"
	"github.com/rs/zerolog"
)

// limitMemory gives the garbage collector the memory limit of the container: 90 % of the
// cgroup's limit (v1 or v2) becomes the process's GOMEMLIMIT, once. A GOMEMLIMIT of the
// operator wins. AUTOMEMLIMIT sets another share than 0.9, or "off". The log has the limit
// if there is one.
//
// Near its limit the collector works more and needs less memory. It cannot make the ring
// smaller, so the log warns of a ring that leaves too little for the clients.
func limitMemory(ring int64, log zerolog.Logger, options ...memlimit.Option) {
	limit, err := memlimit.Set(options...)
	switch {
	case isUncontained(err):
		return
	case err != nil:
		log.Warn().Err(err).Msg("the container's memory limit is unknown; set GOMEMLIMIT to about 90 % of it, such as 450MiB")
		return
	case limit == math.MaxInt64:
		return
	}
	_, chosen := os.LookupEnv("GOMEMLIMIT")
	log.Info().Int64("bytes", limit).Bool("from_environment", chosen).Msg("the garbage collector keeps to a memory limit")
	if ring > limit/2 {
		log.Warn().Int64("ring_bytes", ring).Int64("bytes", limit).Msgf(
			"a full ring takes more than half the memory, and clients need theirs; set FANTAIL_RING_BYTES to at most %s, or give the relay more memory",
			humanize.IBytes(uint64(limit/2)))
	}
}

// isUncontained reports whether err is the error of a system without cgroups, or without
// the /proc that names them.
func isUncontained(err error) bool {
	return errors.Is(err, memlimit.ErrCgroupsNotSupported) || errors.Is(err, memlimit.ErrNoCgroup) || errors.Is(err, fs.ErrNotExist)
}
