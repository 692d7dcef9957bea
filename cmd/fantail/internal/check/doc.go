// Package check owns fantail check: it prints the configuration without its secrets
// and tries each source once, as a relay would.
//
// It reports what it finds and what to change. It repairs nothing, and it leaves a
// running relay alone.
package check
