package interop

import (
	"flag"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) {
	flag.Set("test.parallel", "4") // on two cores, too: a good part is waiting for the peers to start
	rig.Main(m)
}
