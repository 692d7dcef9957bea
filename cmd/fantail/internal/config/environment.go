package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/kelseyhightower/envconfig"
)

// Environment holds the texts of the variables that are set, by name.
type Environment map[string]string

// ReadEnvironment reads the process's environment with envconfig, into a struct that is
// made of the table of variables. The struct has the full names, since with a prefix
// envconfig falls back to the variable without the prefix
// (TestEnvironmentIgnoresUnprefixedNames). Its fields are pointers to strings: reading
// cannot fail, so that our own parsing finds every problem, and nil is a variable that is
// not set.
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

// environmentOf returns an environment of NAME=value entries. The last entry of a name
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

// Text returns the text of a variable, without white space and quotes around it. A
// variable that is set but empty has its default, since compose files write it so. The
// exception is EmptyCounts: an image sets FANTAIL_SOURCE_URL empty, so that no relay
// serves demo prices by mistake.
func (e Environment) Text(v Variable) string {
	text, set := e[v.Name]
	text = unquote(strings.TrimSpace(text))
	if text == "" && !(set && v.EmptyCounts) {
		return v.Default
	}
	return text
}

// unquote removes one pair of single quotes around a value. So one file of NAME='value'
// lines serves both a shell, which removes the quotes itself, and docker run --env-file,
// which does not. No meaningful value has quotes at both ends: no address, number or JSON
// text does.
func unquote(value string) string {
	if n := len(value); n >= 2 && value[0] == '\'' && value[n-1] == '\'' {
		return value[1 : n-1]
	}
	return value
}
