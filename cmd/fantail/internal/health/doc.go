// Package health owns fantail health: it asks the relay that has the same environment
// whether it is alive, for probes of containers.
//
// It reads only the variables that say where that relay is, so that nothing else can
// make a running relay look ill.
package health
