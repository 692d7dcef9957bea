// Package stdin reads standard input as a source, one message from each line: stdin:. It does
// not close the reader that it is given.
//
// Lines are cut at LF and at nothing else. A CR belongs to the message, and an empty line is
// an empty message (TestStdinALineAMessage). A line longer than Messages.MaxMessage is
// skipped and counted. The end of the input ends the source for good.
//
// A read that cannot be interrupted, such as that of a terminal, may outlive Run, in a
// goroutine that ends with that read (TestStdinUninterruptibleEnds). The next feed on the
// same reader would lose the line of that read. A reader with read deadlines is interrupted
// (TestStdinQuietEnds).
package stdin
