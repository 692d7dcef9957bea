package tail

import (
	"testing"

	"fantail/hub/leaktest"
	"fantail/hub/peertest"
)

func TestMain(m *testing.M) {
	peertest.Parallel(6)
	leaktest.Main(m)
}
