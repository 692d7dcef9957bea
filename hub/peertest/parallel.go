package peertest

import (
	"flag"
	"strconv"
)

// Parallel lets n tests of a package run side by side, unless the command line says
// how many: for a package whose tests wait more than they work. TestMain calls it
// before it runs the tests.
func Parallel(n int) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if chosen {
		return
	}
	if err := flag.Set("test.parallel", strconv.Itoa(n)); err != nil {
		panic(err) // no test binary
	}
}
