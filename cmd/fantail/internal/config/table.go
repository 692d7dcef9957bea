package config

import (
	"fmt"
	"strings"
)

// The lines of the README between which the table of variables stands.
const (
	tableBegin = "<!-- configuration: written by go test ./cmd/fantail/internal/config -run TestReadmeTable -update -->"
	tableEnd   = "<!-- end of configuration -->"
)

// configTable returns the variables as two Markdown tables, the basics first.
func configTable() string {
	var b strings.Builder
	writeTable(&b, Basics())
	b.WriteString("\nThese are seldom needed:\n\n")
	writeTable(&b, Details())
	return b.String()
}

func writeTable(b *strings.Builder, vars []Variable) {
	b.WriteString("| variable | default | what it sets |\n|---|---|---|\n")
	for _, v := range vars {
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", v.Name, code(v.Default), cell(v.About))
	}
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

// cell escapes characters that end a cell or start emphasis.
func cell(s string) string { return strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;").Replace(s) }
