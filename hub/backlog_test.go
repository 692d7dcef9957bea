package hub

import "testing"

// Time without progress counts only while the socket is full at each look, and a full
// socket that takes more shows that its peer is alive.
func TestNoteProgress(t *testing.T) {
	type look struct {
		full      bool
		cursor    uint64
		steps     uint32
		moved     int64 // hub clock of the last progress, as noted at this look
		takesMore bool
	}
	for name, looks := range map[string][]look{
		"idle":                     {{false, 1, 0, 1, false}, {false, 1, 0, 2, false}, {false, 1, 0, 3, false}},
		"stuck":                    {{true, 1, 0, 1, false}, {true, 1, 0, 1, false}, {true, 1, 0, 1, false}},
		"stuck after it was free":  {{false, 1, 0, 1, false}, {true, 1, 0, 1, false}, {true, 1, 0, 1, false}},
		"full, and taking":         {{true, 1, 0, 1, false}, {true, 2, 0, 2, true}, {true, 3, 0, 3, true}},
		"full, and within a frame": {{true, 1, 0, 1, false}, {true, 1, 1, 2, true}, {true, 1, 1, 2, false}},
		"filling up":               {{false, 1, 0, 1, false}, {true, 9, 0, 2, false}, {true, 9, 0, 2, false}},
		"free again":               {{true, 1, 0, 1, false}, {false, 1, 0, 2, false}, {true, 1, 0, 2, false}},
	} {
		t.Run(name, func(t *testing.T) {
			var w sweepState
			for i, l := range looks {
				takesMore := w.noteProgress(glance{cursor: l.cursor, steps: l.steps, full: l.full}, int64(i+1))
				if w.moved != l.moved || takesMore != l.takesMore {
					t.Errorf("look %d: moved at %d, takes more %v; want %d, %v", i+1, w.moved, takesMore, l.moved, l.takesMore)
				}
			}
		})
	}
}

// A filtered client is lapped if the ring dropped a message that it wanted, or one that
// nobody looked at.
func TestWantedIsLapped(t *testing.T) {
	for name, tt := range map[string]struct {
		w    wanted
		tail uint64
		want bool
	}{
		"nothing wanted":         {wanted{next: 9}, 9, false},
		"the first is held":      {wanted{next: 9, first: 5, messages: 2}, 5, false},
		"the first is gone":      {wanted{next: 9, first: 5, messages: 2}, 6, true},
		"some were never seen":   {wanted{next: 9, unseen: true}, 9, true},
		"unseen, and one wanted": {wanted{next: 9, first: 8, messages: 1, unseen: true}, 7, true},
	} {
		if got := tt.w.isLapped(tt.tail); got != tt.want {
			t.Errorf("%s: lapped %v, want %v", name, got, tt.want)
		}
	}
	if first := (&wanted{next: 9}).firstOrNext(); first != 9 {
		t.Errorf("nothing wanted: goes on at %d, want 9", first)
	}
	if first := (&wanted{next: 9, first: 5, messages: 1}).firstOrNext(); first != 5 {
		t.Errorf("one wanted: goes on at %d, want 5", first)
	}
}

func TestLoss(t *testing.T) {
	for _, tt := range []struct {
		left loss
		less int
		want loss
		none bool
	}{
		{loss{}, 0, loss{}, true},
		{loss{missed: 3}, 2, loss{missed: 1}, false},
		{loss{missed: 3}, 3, loss{}, true},
		{loss{missed: 3}, 5, loss{}, true},
		{loss{missed: 3, atLeast: true}, 5, loss{atLeast: true}, false},
	} {
		if got := tt.left.less(tt.less); got != tt.want || got.isNone() != tt.none {
			t.Errorf("%+v less %d: %+v, none %v", tt.left, tt.less, got, got.isNone())
		}
	}
}
