package renew

import (
	"testing"

	"fantail/hub/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }
