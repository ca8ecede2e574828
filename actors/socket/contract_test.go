package socket_test

import (
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/contract"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) {
	rig.Books = socket.Books
	rig.Main(m)
}

func TestContract(t *testing.T)         { contract.Run(t, zmqthread.Config{}) }
func TestContractPortable(t *testing.T) { contract.Run(t, zmqthread.Config{Portable: true}) }
