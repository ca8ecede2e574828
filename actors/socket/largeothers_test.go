package socket_test

import (
	"bytes"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// The same for the types that TestLargeMessages does not have. STREAM has no messages to be large.
func TestLargeMessagesOfOtherTypes(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789abcdef"), 4<<20)
	m := messages.Bytes([]byte("large"), large, nil)
	for _, pair := range []struct{ from, to socket.Config }{
		{socket.Config{Type: socket.Pair}, socket.Config{Type: socket.Pair}},
		{socket.Config{Type: socket.XPub}, socket.Config{Type: socket.XSub, Subscribe: []string{"lar"}}},
		{socket.Config{Type: socket.Router}, socket.Config{Type: socket.Dealer, Options: socket.Options{Identity: "large"}}},
	} {
		for _, transport := range rig.Transports {
			t.Run(transport+"/"+pair.from.Type.String()+"-"+pair.to.Type.String(), func(t *testing.T) {
				rig.Leaks(t)
				r := rig.Start(t, zmqthread.Config{})
				got, subscriptions := r.Collector(), r.Collector()
				pair.from.Bind, pair.to.Deliver = []string{r.Endpoint(transport)}, socket.To(got.PID)
				pair.from.Deliver = socket.To(subscriptions.PID)
				from := r.Spawn(pair.from)
				pair.to.Connect = r.At(from)
				to := r.Spawn(pair.to)
				r.Peers(to, 1)
				r.Peers(from, 1)
				want := m.Frames
				switch pair.from.Type {
				case socket.XPub:
					subscriptions.Message() // it is there
				case socket.Router:
					want = want[1:] // the identity was for the ROUTER
				}
				r.Put(from, m)
				f := got.Message().Frames
				if len(f) != len(want) || !bytes.Equal(f[len(f)-2], large) || len(f[len(f)-1]) != 0 {
					t.Error("it arrived as another message")
				}
			})
		}
	}
}
