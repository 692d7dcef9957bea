// Package text owns how the program writes for people: pages in columns, lines that
// fit a terminal, figures and words that are short, and logs.
//
// Text from a feed or from the command line is foreign. It is shown by
// AppendPrintable or Quote, so that it cannot control a terminal. Package text knows
// no setting and no command.
package text
