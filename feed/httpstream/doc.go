// Package httpstream reads sources that answer a GET with a stream: Server-Sent Events or
// NDJSON.
package httpstream
