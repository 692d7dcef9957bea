// Package config owns the settings of fantail: their names, their values, and the
// problems with them. It is the only room that knows the environment.
//
// A variable is one row of a table (rows_source.go, rows_clients.go,
// rows_operation.go): name, default, sentence, secrecy, section, and how it sets its
// field. Parsing, the help, the README's table, fantail check and the search for
// unknown variables are all made of that row. A new variable is a new row, and
// TestReadmeTable writes it into the README.
//
// Load gathers everything that is wrong, each with its variable's name and without what
// is secret, and fails once. The rules between several settings are in crosscheck.go. A
// Config holds the configurations of the three libraries; they know their own fields
// alone, and Names tells them what an operator calls these.
//
// It starts nothing, connects to nothing and logs nothing.
package config
