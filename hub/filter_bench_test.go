package hub

import (
	"fmt"
	"testing"
)

// BenchmarkFilter asks filters of 256 keys for a key that they hold and for one that
// they do not hold: one lookup that a pass makes for a lane.
func BenchmarkFilter(b *testing.B) {
	for _, shape := range []struct{ name, key string }{{"exact", "key-%03d"}, {"prefix", "key-%03d*"}} {
		keys := make([]string, 256)
		for i := range keys {
			keys[i] = fmt.Sprintf(shape.key, i)
		}
		f := must(NewFilter(keys))
		for _, ask := range []struct {
			name, key string
			hit       bool
		}{{"hit", "key-200", true}, {"miss", "other", false}} {
			b.Run(shape.name+"/"+ask.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if f.Match(ask.key) != ask.hit {
						b.Fatal("the filter is wrong")
					}
				}
			})
		}
	}
}
