package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/kelseyhightower/envconfig"
)

// Environment holds the text of each variable that is set, by its name.
type Environment map[string]string

// ReadEnvironment reads the process's environment by envconfig. Its struct is made
// of the table of variables, with the names in full: given a prefix, envconfig would
// fall back to the variable without it
// (TestEnvironmentIgnoresUnprefixedNames). Its fields are strings, so that reading
// cannot fail and every problem is found by our own parsing; nil is a variable that
// is not set.
func ReadEnvironment() Environment {
	vars := Variables()
	fields := make([]reflect.StructField, len(vars))
	for i, v := range vars {
		fields[i] = reflect.StructField{
			Name: fmt.Sprint("V", i), Type: reflect.TypeFor[*string](), Tag: reflect.StructTag(fmt.Sprintf("envconfig:%q", v.Name)),
		}
	}
	read := reflect.New(reflect.StructOf(fields))
	envconfig.MustProcess("", read.Interface()) // strings alone: only a broken struct could fail
	e := Environment{}
	for i, v := range vars {
		if text, ok := read.Elem().Field(i).Interface().(*string); ok && text != nil {
			e[v.Name] = *text
		}
	}
	return e
}

// environmentOf returns an environment of NAME=value entries; the last of a name
// counts.
func environmentOf(entries []string) Environment {
	e := Environment{}
	for _, entry := range entries {
		if name, value, ok := strings.Cut(entry, "="); ok {
			e[name] = value
		}
	}
	return e
}

// Text returns a variable's text. One that is set but empty has its default, as
// compose files write it, except where that is told apart: an image sets
// FANTAIL_SOURCE_URL empty so that nobody is served demo prices by mistake.
func (e Environment) Text(v Variable) string {
	text, set := e[v.Name]
	text = unquote(strings.TrimSpace(text))
	if text == "" && !(set && v.EmptyCounts) {
		return v.Default
	}
	return text
}

// unquote takes off one pair of single quotes around a value, so that one file of
// NAME='value' lines serves shells, which take them off by themselves, and docker run
// --env-file, which does not. No value that means anything has them at both ends: no
// address, number or JSON text does.
func unquote(value string) string {
	if n := len(value); n >= 2 && value[0] == '\'' && value[n-1] == '\'' {
		return value[1 : n-1]
	}
	return value
}
