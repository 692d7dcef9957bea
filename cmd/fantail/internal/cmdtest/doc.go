// Package cmdtest has the helpers that tests of several rooms share: environments, files,
// recordings, certificates, WebSocket sources, and commands that run by themselves.
// Only tests use it.
package cmdtest
