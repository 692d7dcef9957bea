// Package cli owns the form of a command of the program: its row in the table, its flags,
// its help, and the exit code that its errors stand for.
//
// A room that is a command returns its row from a function called Command. The table
// of all commands belongs to package main. Package cli knows no command and no
// setting.
package cli
