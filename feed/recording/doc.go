// Package recording reads and writes recordings of feeds, paces them, and plays them as a
// source. It owns the format. It refuses to know where recordings are kept.
//
// A recording is a file of lines, cut at LF and at nothing else. It has two forms
// (TestRecordingForms):
//
//   - headless: time TAB message. The line is cut at its first TAB. The message is text. In
//     a file whose name ends in .b64.txt the message is binary, in base64.
//   - headed: the first line is "#fantail 1". Each line after it is time TAB kind TAB message.
//     The kind is t (text), b64t (text in base64, because it has line breaks or is not UTF-8)
//     or b64 (binary in base64). [Writer] writes this form (TestRecorderPinnedBytes). A last
//     line without its LF was cut short and is an error.
//
// The time is the time of receipt, in ns since 1970; 0 = unknown. [Pace] turns times into
// waits (TestPace), whose errors do not add up (TestPaceDoesNotDrift). A headless file cannot
// hold the CR LF at the end of a message: a line is read as it stands.
//
// replay:FILE?speed=N&loop=1 plays a recording ([NewReplay]). FILE is taken as it stands,
// without escapes, so it cannot hold a "?". A recording without times is played as fast as
// possible, also in a loop. A broken line ends the source, because it would be broken the
// next time too (TestReplayEndsWithTheFirstBrokenLine).
package recording
