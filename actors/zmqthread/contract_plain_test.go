package zmqthread_test

import (
	"testing"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
	"github.com/sockeye-mq/sockeye/internal/contract"
)

// TestContractPlain is the contract without the shim, on nothing but what pebbe/zmq4 exports.
func TestContractPlain(t *testing.T) {
	contract.Run(t, zmqthread.Config{Native: native.Real{Plain: true}})
}
