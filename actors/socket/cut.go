package socket

import (
	"net/netip"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// Cut is a live command: it ends connections that the socket has accepted over tcp and ipc, as if the
// peers had hung up. ZeroMQ peers connect again by themselves; whom the socket's ZAP handler refuses
// by then stays out. Connections that the socket made itself are left alone, and so is inproc.
//
// It is answered with a [zmqthread.WasCut], which also says what could not be cut: anything on a socket
// with Config.NoMonitor, or elsewhere than on Linux.
type Cut struct {
	// From are the addresses of the peers. A peer over ipc has none and is cut only with everybody.
	// Default: everybody.
	From []netip.Prefix
}

// cutPeers has the thread carry out a Cut. The thread answers to who asked.
func (s *socket) cutPeers(c actor.Context, m *Cut, from *actor.PID) {
	c.RequestWithCustomSender(s.thread.PID(), &zmqthread.Cut{Owner: s.self, Whom: m.whom()}, from)
}

func (m *Cut) whom() func(netip.Addr) bool {
	if len(m.From) == 0 {
		return nil
	}
	return func(peer netip.Addr) bool {
		for _, p := range m.From {
			if p.Contains(peer) {
				return true
			}
		}
		return false
	}
}
