package wire

import (
	"os"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) {
	if what := os.Getenv(isFar); what != "" {
		beFar(what)
		return
	}
	rig.Main(m)
}
