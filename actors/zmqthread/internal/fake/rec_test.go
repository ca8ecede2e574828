package fake_test

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// quick restarts at once, or nearly.
var quick = actor.WithGuardian(&supervision.Backoff{Min: time.Millisecond, Max: 2 * time.Millisecond, Retries: 1 << 20})

func (h *house) counts(pid *actor.PID) socket.Ledger {
	c, cancel := ctx()
	defer cancel()
	l, err := socket.Counts(c, h.system.Root, pid)
	if err != nil {
		h.t.Error(err)
	}
	return l
}

// rec is a receiver that can be held, and that counts what is in its mailbox.
type rec struct {
	pid     *actor.PID
	mu      sync.Mutex
	gate    chan struct{}
	in      int
	most    int
	got     []string
	panicOn func(x any) bool
	onTouch func()
}

func (h *house) rec() *rec {
	r := &rec{}
	one := func(m *messages.Message) {
		r.mu.Lock()
		g := r.gate
		r.mu.Unlock()
		if g != nil {
			<-g
		}
		r.mu.Lock()
		r.in--
		r.got = append(r.got, m.Text())
		r.mu.Unlock()
	}
	r.pid = h.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case *messages.Message:
			one(m)
		case *messages.Batch:
			for _, m := range m.Messages() {
				one(m)
			}
		case *actor.Touch:
			if r.onTouch != nil {
				r.onTouch()
			}
		}
	}, actor.WithMailbox(actor.Unbounded(r)), quick))
	return r
}
func (r *rec) hold(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if on {
		r.gate = make(chan struct{})
	} else if r.gate != nil {
		close(r.gate)
		r.gate = nil
	}
}
func (r *rec) MessagePosted(x any) {
	x = actor.UnwrapEnvelopeMessage(x)
	n := 0
	switch m := x.(type) {
	case *messages.Message:
		n = 1
	case *messages.Batch:
		n = int(m.Count)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.panicOn != nil && r.panicOn(x) {
		panic("middleware")
	}
	r.in += n
	r.most = max(r.most, r.in)
}
func (r *rec) MailboxStarted()     {}
func (r *rec) MessageReceived(any) {}
func (r *rec) MailboxEmpty()       {}

// trio is a ROUTER and its peers.
type trio struct {
	router *actor.PID
	ids    [][]byte
	peers  []*actor.PID
	raw    []*zmq.Socket
	got    []atomic.Int64
}

func newTrio(h *house, n int, cfg socket.Config) *trio {
	c := &trio{raw: make([]*zmq.Socket, n), got: make([]atomic.Int64, n)}
	hello := make(chan []byte, n)
	door := h.system.Root.Spawn(actor.PropsFromFunc(func(x actor.Context) {
		if m, ok := x.Message().(*messages.Message); ok {
			hello <- m.Frames[0]
		}
	}))
	cfg.Type, cfg.Bind, cfg.Deliver = socket.Router, []string{"tcp://trio:1"}, socket.To(door)
	cfg.Options.SendHWM = 1
	c.router = h.spawn(cfg, quick)
	for i := range n {
		to := h.system.Root.Spawn(actor.PropsFromFunc(func(x actor.Context) {
			if _, ok := x.Message().(*messages.Message); ok {
				c.got[i].Add(1)
			}
		}))
		c.peers = append(c.peers, h.spawn(socket.Config{Type: socket.Dealer, Connect: []string{"tcp://trio:1"}, Deliver: socket.To(to),
			Options:   socket.Options{RecvHWM: 1},
			Configure: func(z *zmq.Socket) error { c.raw[i] = z; return nil }}))
		h.system.Root.Send(c.peers[i], messages.Text("hello"))
		c.ids = append(c.ids, <-hello)
	}
	return c
}

// proc is a process that calls a function.
type proc func(any)

func (p proc) SendUserMessage(_ *actor.PID, x any) { p(actor.UnwrapEnvelopeMessage(x)) }
func (proc) SendSystemMessage(*actor.PID, any)     {}
func (proc) Stop(*actor.PID)                       {}
