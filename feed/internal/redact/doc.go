// Package redact makes texts fit for logs: URLs, what a source says, and frames that
// are sent to it. It replaces what looks like a secret, and would rather hide a name
// than show a secret. It does not know what is secret, and reads no configuration.
package redact
