package driver

import "testing"

func TestStepKindWords(t *testing.T) {
	for k := range steps {
		if k.String() == "" {
			t.Errorf("step %d has no word", uint8(k))
		}
	}
	if got := steps.String(); got != "StepKind(8)" {
		t.Errorf("got %s", got)
	}
}
