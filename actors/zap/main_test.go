package zap_test

import (
	"testing"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }
