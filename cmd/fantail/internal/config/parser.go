package config

import (
	"fmt"
	"slices"
)

// parser makes a Config of an environment and collects the problems. It finds a variable
// by its field, so that no name is written twice.
type parser struct {
	env      Environment
	config   *Config
	vars     []Variable // of config
	bad      []any      // fields that were rejected
	problems Problems
}

func newParser(e Environment) *parser {
	c := new(Config)
	return &parser{env: e, config: c, vars: c.variables()}
}

// parse sets all fields, or only the given ones, and checks each on its own. It does not
// set a field whose text is wrong.
func (p *parser) parse(only ...any) {
	for _, v := range p.vars {
		if len(only) > 0 && !slices.Contains(only, v.field) {
			continue
		}
		if err := v.set(p.env.Text(v)); err != nil {
			p.reject(v.field, "%w", err)
		}
	}
}

// variable returns the variable of a field, which must have one.
func (p *parser) variable(field any) Variable {
	return p.vars[slices.IndexFunc(p.vars, func(v Variable) bool { return v.field == field })]
}

// name returns the name of a field's variable.
func (p *parser) name(field any) string { return p.variable(field).Name }

// text returns the text of a field's variable.
func (p *parser) text(field any) string { return p.env.Text(p.variable(field)) }

// reject adds a problem with a field's variable.
func (p *parser) reject(field any, format string, args ...any) {
	p.bad = append(p.bad, field)
	v := p.variable(field)
	p.add(v.Name+"="+v.Shown(p.env.Text(v)), fmt.Errorf(format, args...))
}

// add adds a problem.
func (p *parser) add(subject string, err error) {
	p.problems = append(p.problems, Problem{Subject: subject, Err: err})
}

// good reports whether no field was rejected so far.
func (p *parser) good(fields ...any) bool {
	return !slices.ContainsFunc(fields, func(f any) bool { return slices.Contains(p.bad, f) })
}

// err returns the problems so far as an error.
func (p *parser) err() error {
	if len(p.problems) > 0 {
		return p.problems
	}
	return nil
}
