package feed

import (
	"context"
	"crypto/tls"
	"go/ast"
	"go/parser"
	"go/token"
	"net"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"fantail/feed/driver"
	"fantail/feed/stage"
	"fantail/hub/fantailv1"
	"fantail/hub/setting"
)

// leaves calls do with each field of a Config that is no struct of this package, and
// with its path.
func leaves(c *Config, do func(path string, field reflect.Value)) {
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		name, field := v.Type().Field(i).Name, v.Field(i)
		switch {
		case !v.Type().Field(i).IsExported():
		case field.Kind() == reflect.Struct:
			for j := range field.NumField() {
				do(name+"."+field.Type().Field(j).Name, field.Field(j))
			}
		default:
			do(name, field)
		}
	}
}

// TestSettingsAreFields: what errors call a setting is a field of Config, by the
// same path.
func TestSettingsAreFields(t *testing.T) {
	var paths []string
	leaves(new(Config), func(path string, _ reflect.Value) { paths = append(paths, path) })
	file, err := parser.ParseFile(token.NewFileSet(), "driver/settings.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		n++
		name := strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`)
		if !slices.Contains(paths, name) {
			t.Errorf("%s is %q, which Config does not have", spec.Names[0], name)
		}
		return false
	})
	if n == 0 {
		t.Error("no setting found")
	}
}

// filled is what a test sets a field to.
var filled = []any{
	"x", 7, int64(7), true, time.Second, Race, stage.SplitLines, []string{"x"}, new(tls.Config), driver.Rate{Count: 1, Per: 1}, os.Stdin,
	func() (http.Header, error) { return nil, nil }, func() ([]string, error) { return nil, nil }, func() ([]stage.Rule, error) { return nil, nil },
	func(context.Context, string, string) (net.Conn, error) { return nil, nil },
	func(bool, time.Duration) {}, func(fantailv1.Notice) {}, func(string, uint64) {}, setting.Namer(func(setting.Name) string { return "" }),
}

// someDemand is not the Demand that stands for none.
type someDemand struct{ driver.NoDemand }

// fill sets a field to something that is not its zero value.
func fill(t *testing.T, path string, field reflect.Value) {
	t.Helper()
	for _, value := range filled {
		if v := reflect.ValueOf(value); v.Type() == field.Type() {
			field.Set(v)
			return
		}
	}
	if field.Type() == reflect.TypeFor[driver.Demand]() {
		field.Set(reflect.ValueOf(someDemand{}))
		return
	}
	if v := reflect.ValueOf(os.Stdin); field.Kind() == reflect.Interface && v.Type().Implements(field.Type()) {
		field.Set(v)
		return
	}
	t.Fatalf("no value for %s of type %v", path, field.Type())
}

// TestOptionsHoldWhatDriversRead: a field of Config reaches the drivers, or is the
// feed's own to read; and no option is without its field.
func TestOptionsHoldWhatDriversRead(t *testing.T) {
	own := []string{
		"Sources.URL", "Sources.Mode", "Sources.Seq", "Sources.GapWait", "Sources.Failback", "Sources.Host",
		"Dialling.IdleTimeout", "Sending.Uplink",
		"Messages.Split", "Messages.Rules", "Messages.Key", "Messages.ID", "Messages.Cursor",
		"Renewal.MaxAge", "Renewal.Overlap", "Events.Notify", "Events.Number",
	}
	without := reflect.ValueOf(Config{}.options("u", nil))
	reached := map[string]bool{"URL": true, "Address": true, "Outgoing": true} // New's own
	leaves(new(Config), func(path string, _ reflect.Value) {
		var c Config
		leaves(&c, func(p string, field reflect.Value) {
			if p == path {
				fill(t, path, field)
			}
		})
		with, reaches := reflect.ValueOf(c.options("u", nil)), false
		for i := range with.NumField() {
			name := with.Type().Field(i).Name
			if name != "Address" && !same(with.Field(i), without.Field(i)) {
				reaches, reached[name] = true, true
			}
		}
		if reaches == slices.Contains(own, path) {
			t.Errorf("%s reaches the drivers: %v; want %v", path, reaches, !reaches)
		}
	})
	for i := range without.NumField() {
		if name := without.Type().Field(i).Name; !reached[name] {
			t.Errorf("nothing sets Options.%s", name)
		}
	}
}

// same reports whether two values are equal, functions by where they stand.
func same(a, b reflect.Value) bool {
	if a.Kind() == reflect.Func {
		return a.Pointer() == b.Pointer()
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}
