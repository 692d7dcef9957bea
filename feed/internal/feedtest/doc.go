// Package feedtest is what the tests of feed and of its drivers share: a Publisher and
// a log that are waited for, and sources that a test plays.
package feedtest
