package native

import (
	"testing"

	zmq "github.com/pebbe/zmq4"
)

var copying = Limit{Messages: 1000, Bytes: 1 << 20, Message: 1 << 40, Copy: 256 << 10}

// pair is a PUSH and a PULL, connected.
func pair(t testing.TB, real Real, endpoint string) (push, pull Socket) {
	ctx, err := real.NewContext(1, 100)
	if err != nil {
		t.Fatal(err)
	}
	open := func(typ zmq.Type) Socket {
		s, err := ctx.NewSocket(typ)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	push, pull = open(zmq.PUSH), open(zmq.PULL)
	t.Cleanup(func() {
		push.Close(0)
		pull.Close(0)
		ctx.Term()
	})
	if err := pull.Bind(endpoint); err != nil {
		t.Fatal(err)
	}
	at, _ := pull.LastEndpoint()
	if err := push.Connect(at); err != nil {
		t.Fatal(err)
	}
	return push, pull
}
