package zmqthread

import (
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
)

// SetInt sets an option of libzmq's with an int for a value that pebbe/zmq4 has no setter for; see
// zmq_setsockopt(3). For socket.Config.Configure, on the ZeroMQ thread.
func SetInt(s *zmq.Socket, option, value int) error { return native.SetInt(s, option, value) }
