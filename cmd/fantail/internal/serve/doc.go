// Package serve owns a relay at work: it puts feed, hub and relay together, listens,
// and ends in an orderly way.
//
// Run is the whole of it and can be called in a test, several times in one process:
// it takes its listeners, its log and its configuration from the caller, reads no
// environment, and changes nothing of the process. FromEnvironment is Run for a
// process of its own, and also sets what holds for the process: the memory limit and
// the number of processors.
//
// Settings belong to package config. Messages and clients belong to the
// libraries.
package serve
