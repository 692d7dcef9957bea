package config

import (
	"reflect"
	"sync"

	"fantail/hub/setting"
)

// Names says what the environment calls a setting of feed, hub or relay. It is made
// of the table of variables: the setting of a field is that field's path. Any
// goroutine may call it.
var Names setting.Namer = func(n setting.Name) string { return names()[n] }

// Named wraps an error so that its text has the environment's names; nil of nil.
func Named(err error) error {
	if err == nil {
		return nil
	}
	return named{err}
}

type named struct{ error }

func (n named) Error() string { return Names.Text(n.error) }

func (n named) Unwrap() error { return n.error }

// names holds the variable of each setting.
var names = sync.OnceValue(func() map[setting.Name]string {
	c := new(Config)
	all := map[setting.Name]string{}
	for _, library := range []any{&c.Hub, &c.Relay, &c.Feed} { // the last of a path counts: hub has no errors of its own
		for _, v := range c.variables() {
			for _, field := range append(v.besides, v.field) {
				if path := pathIn(reflect.ValueOf(library).Elem(), reflect.ValueOf(field)); path != "" {
					all[setting.Name(path)] = v.Name
				}
			}
		}
	}
	return all
})

// pathIn returns the path within a struct of the field that a pointer points to, or
// nothing.
func pathIn(within, field reflect.Value) string {
	for i := range within.NumField() {
		f, name := within.Field(i), within.Type().Field(i).Name
		if f.Type() == field.Type().Elem() && f.Addr().UnsafePointer() == field.UnsafePointer() {
			return name
		}
		if f.Kind() == reflect.Struct {
			if path := pathIn(f, field); path != "" {
				return name + "." + path
			}
		}
	}
	return ""
}
