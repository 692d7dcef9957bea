// Package websocket is the only package that uses nhooyr.io/websocket, which does
// handshakes, reading and dialling. It also makes and parses the frames that Fantail
// handles itself (RFC 6455 section 5). It decides nothing about clients or sources.
//
// The new maintainers of the library have marked its import path deprecated. This
// project stays on that path by decision. So door.go is the only file that imports the
// library, and the only one that tells the linter so.
//
// The package is below hub, because feed and relay both need it and never import each
// other. hub itself does not import it.
package websocket
