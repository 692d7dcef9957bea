// Package websocket is Fantail's one door to nhooyr.io/websocket, which does
// handshakes, reading and dialling, and the home of the frames that Fantail
// writes itself (RFC 6455 section 5).
//
// The library's import path is marked deprecated by its new maintainers. This
// project stays on it by decision, so door.go is the only file that imports it
// and the only one that tells the linter so.
//
// It lies below hub because feed and relay both need it and never import each
// other; hub itself does not import it.
package websocket
