// Package redact makes texts fit for logs: URLs, what a source says, and frames that are sent
// to it. It replaces what looks like a secret by ***, and prefers to hide a name over showing
// a secret. It does not know which texts are secret, and reads no configuration.
package redact
