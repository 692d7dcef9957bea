package driver

import (
	"reflect"
	"testing"
	"unsafe"
)

// TestEventFitsIntoRegisters: the compiler passes a struct in registers up to four
// fields and four words (CanSSA in cmd/compile). Beyond, each stage copies the event
// by memory, three times as slow (BenchmarkStages).
func TestEventFitsIntoRegisters(t *testing.T) {
	if size, fields := unsafe.Sizeof(Event{}), reflect.TypeFor[Event]().NumField(); size > 4*unsafe.Sizeof(uintptr(0)) || fields > 4 {
		t.Errorf("an Event has %d bytes in %d fields; put what is rare behind the pointer", size, fields)
	}
}
