package registry

import (
	"flag"
	"os"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/etcdtest"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) {
	etcdtest.Main()
	if how := os.Getenv(isMember); how != "" {
		beMember(how)
		return
	}
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		f.Value.Set("8") // these tests wait for leases much more than they compute, but each has an etcd
	}
	rig.Main(m)
}
