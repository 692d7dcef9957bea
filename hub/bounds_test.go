package hub

import (
	"testing"
	"time"
)

func TestBounds(t *testing.T) {
	bounds := Bounds{Messages: 10, Bytes: 1000, Stall: time.Second}
	tests := []struct {
		name         string
		backlog      backlog
		over, behind bool // behind: over even while catching up
		near         bool
	}{
		{"nothing", backlog{}, false, false, true},
		{"idle for long", backlog{still: time.Hour}, false, false, true},
		{"half the messages", backlog{messages: 5, bytes: 10, holds: true}, false, false, true},
		{"more than half the messages", backlog{messages: 6, bytes: 10, holds: true}, false, false, false},
		{"all messages", backlog{messages: 10, bytes: 10, holds: true}, false, false, false},
		{"one too many", backlog{messages: 11, bytes: 10, holds: true}, true, false, false},
		{"half the bytes", backlog{messages: 2, bytes: 500, holds: true}, false, false, true},
		{"more than half the bytes", backlog{messages: 2, bytes: 501, holds: true}, false, false, false},
		{"all bytes", backlog{messages: 2, bytes: 1000, holds: true}, false, false, false},
		{"one byte too many", backlog{messages: 2, bytes: 1001, holds: true}, true, false, false},
		{"one message is never too much", backlog{messages: 1, bytes: 1 << 30, holds: true}, false, false, true},
		{"slow but moving", backlog{holds: true, still: time.Second - 1}, false, false, true},
		{"stalled", backlog{holds: true, still: time.Second}, true, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := bounds.over(tt.backlog, false); got != tt.over {
				t.Errorf("over = %v, want %v", got, tt.over)
			}
			if got := bounds.over(tt.backlog, true); got != tt.behind {
				t.Errorf("over while catching up = %v, want %v", got, tt.behind)
			}
			if got := bounds.near(tt.backlog); got != tt.near {
				t.Errorf("near = %v, want %v", got, tt.near)
			}
		})
	}
}

// A queue of a single message must not leave a client catching up without end.
func TestBoundsOfOneMessage(t *testing.T) {
	b := Bounds{Messages: 1, Bytes: 1, Stall: time.Second}
	if !b.near(backlog{}) {
		t.Error("not near with nothing behind it")
	}
}
