package load

import (
	"testing"

	"fantail/hub/leaktest"
	"fantail/hub/peertest"
)

func TestMain(m *testing.M) {
	peertest.Parallel(4)
	leaktest.Main(m)
}
