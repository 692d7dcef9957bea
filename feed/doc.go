// Package feed turns a source into messages: drivers by URL scheme, and the
// supervision that brings a lost source back. It owns what the source sees.
//
// # Recordings
//
// A recording is a file of lines, cut at LF and at nothing else. It has two
// forms:
//
//   - headless: time TAB message. The line is cut at its first TAB, the message
//     is text. In a file whose name ends in .b64.txt the message is binary, in
//     base64.
//   - headed: the first line is "#fantail 1", and a line is time TAB kind TAB
//     message. The kind is t (text), b64t (text in base64, because it has line
//     breaks) or b64 (binary in base64). [Recorder] writes this form.
//
// The time is the receive time in ns since 1970. [Pace] turns times into waits.
// A message that ended in CR LF on the wire and was put into a headless file
// has lost both: what is read is what the line holds.
package feed
