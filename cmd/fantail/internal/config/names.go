package config

import (
	"reflect"
	"sync"

	"fantail/hub/setting"
)

// Names returns the variable of a setting of feed, hub or relay. It is made of the table of
// variables, since the name of a setting is the path of its field. Any goroutine may call
// it.
var Names setting.Namer = func(n setting.Name) string { return names()[n] }

// Named wraps an error so that its text names variables. It returns nil for nil.
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
	for _, library := range []any{&c.Hub, &c.Relay, &c.Feed} { // of equal paths the last library counts: hub reports no errors
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

// pathIn returns the path of the field of a struct to which a pointer points. It is empty
// if the field is not in the struct.
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
