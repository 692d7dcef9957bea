package config

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestClientsFor(t *testing.T) {
	tests := []struct {
		files uint64
		want  int
	}{
		{0, 1}, {64, 1}, {256, 176}, {1024, 896}, {20000, 18686}, {1 << 20, 982976}, {math.MaxUint64, mostClients},
	}
	for _, tt := range tests {
		if got := clientsFor(tt.files); got != tt.want {
			t.Errorf("%d files: %d clients, want %d", tt.files, got, tt.want)
		}
	}
}

func TestMaxClientsAgainstFileLimit(t *testing.T) {
	most := clientsFor(fileLimit())
	if got, err := parseMaxClients("auto"); got != most || err != nil {
		t.Errorf("auto: %d, %v; want %d", got, err, most)
	}
	if most == mostClients {
		return // no limit to be over: TestConfigProblems has the upper bound
	}
	_, err := parseMaxClients(fmt.Sprint(most + 1))
	if err == nil || !strings.Contains(err.Error(), "raise it (ulimit -n) or write auto") {
		t.Errorf("one too many: %v", err)
	}
}
