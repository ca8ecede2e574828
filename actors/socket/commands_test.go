package socket_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// A socket without endpoints is bound, connected, disconnected and unbound by commands.
func TestCommandsBindAndConnect(t *testing.T) {
	for _, transport := range rig.Transports {
		t.Run(transport, func(t *testing.T) {
			rig.Leaks(t)
			r := rig.Start(t, zmqthread.Config{})
			got := r.Collector()
			pull := r.Spawn(socket.Config{Type: socket.Pull, Deliver: socket.To(got.PID)})
			push := r.Spawn(socket.Config{Type: socket.Push})
			if at := r.At(pull); len(at) != 0 {
				t.Errorf("bound to %v", at)
			}
			asked := r.Endpoint(transport)
			at := r.Do(pull, &messages.Bind{Endpoint: asked}).Endpoint
			if is := r.At(pull); !slices.Equal(is, []string{at}) || strings.HasSuffix(at, "*") {
				t.Errorf("bound to %v, answered with %s", is, at)
			}
			r.Do(push, &messages.Connect{Endpoint: at})
			r.Put(push, messages.Text("one"))
			if m := got.Message(); m.Text() != "one" {
				t.Error(m.Text())
			}
			r.Do(push, &messages.Disconnect{Endpoint: at})
			r.Root.Send(push, messages.Text("two")) // nobody is there
			r.Do(push, &messages.Connect{Endpoint: at})
			if m := got.Message(); m.Text() != "two" {
				t.Error(m.Text())
			}
			r.Do(pull, &messages.Unbind{Endpoint: asked}) // by the name it was given
			if is := r.At(pull); len(is) != 0 {
				t.Errorf("bound to %v after the unbind", is)
			}
			r.Do(pull, &messages.Bind{Endpoint: at})
			r.Do(pull, &messages.Unbind{Endpoint: at})
		})
	}
}

// Wildcards resolve to endpoints of their own, which a peer can connect to.
func TestEndpointsWildcards(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	t.Setenv("TMPDIR", r.Dir()) // where ipc://* goes
	got := r.Collector()
	pull := r.Spawn(socket.Config{Type: socket.Pull, Deliver: socket.To(got.PID),
		Bind: []string{"tcp://127.0.0.1:*", "inproc://wild", "ipc://*", "tcp://127.0.0.1:*", "tcp://127.0.0.1:0"}})
	at := r.At(pull)
	if len(at) != 5 || at[1] != "inproc://wild" || !strings.HasPrefix(at[2], "ipc:///") {
		t.Fatal(at)
	}
	tcp := slices.Compact(slices.Sorted(slices.Values([]string{at[0], at[3], at[4]})))
	if len(tcp) != 3 || slices.ContainsFunc(tcp, func(e string) bool { return strings.HasSuffix(e, ":0") || strings.HasSuffix(e, "*") }) {
		t.Error(tcp)
	}
	for i, e := range at {
		push := r.Spawn(socket.Config{Type: socket.Push, Connect: []string{e}})
		r.Put(push, messages.Text(fmt.Sprint(i)))
		if m := got.Message(); m.Text() != fmt.Sprint(i) {
			t.Error(m.Text())
		}
	}
}

// What a command cannot do is refused with its reason, and the socket goes on.
func TestCommandsRefused(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	router := r.Spawn(socket.Config{Type: socket.Router, Bind: []string{"inproc://router"}})
	push := r.Spawn(socket.Config{Type: socket.Push})
	for _, c := range []struct {
		pid     *actor.PID
		command any
		want    []error
		says    string
	}{
		{router, &messages.Bind{}, []error{messages.ErrMalformed}, "bind"},
		{router, &messages.Bind{Endpoint: "tcp://127.0.0.1"}, []error{messages.ErrMalformed}, "port"},
		{router, &messages.Bind{Endpoint: "tcp://" + taken.Addr().String()}, []error{messages.ErrRefused, syscall.EADDRINUSE}, "in use"},
		{router, &messages.Bind{Endpoint: "inproc://router"}, []error{messages.ErrRefused, syscall.EADDRINUSE}, "inproc://router"},
		{router, &messages.Bind{Endpoint: "ipc:///no/such/directory/socket"}, []error{messages.ErrRefused, syscall.ENOENT}, "bind"},
		{router, &messages.Unbind{Endpoint: "tcp://127.0.0.1:5"}, []error{messages.ErrRefused, syscall.ENOENT}, "unbind"},
		{router, &messages.Unbind{Endpoint: "nonsense"}, []error{messages.ErrRefused, syscall.ENOENT}, "nonsense"},
		{router, &messages.Connect{Endpoint: "nonsense"}, []error{messages.ErrMalformed}, "nonsense"},
		{router, &messages.Connect{Endpoint: "tcp://127.0.0.1:*"}, []error{messages.ErrMalformed}, "connect"},
		{router, &messages.Disconnect{Endpoint: "tcp://127.0.0.1:5"}, []error{messages.ErrRefused, syscall.ENOENT}, "disconnect"},
		{router, &messages.Disconnect{Endpoint: "inproc://elsewhere"}, []error{messages.ErrRefused, syscall.ENOENT}, "elsewhere"},
		{router, &messages.Disconnect{Endpoint: "nonsense"}, []error{messages.ErrRefused}, "nonsense"},
		{router, &messages.Subscribe{Topic: []byte("a")}, []error{messages.ErrMalformed}, "subscribe"},
		{push, &messages.Subscribe{}, []error{messages.ErrMalformed}, "PUSH"},
		{push, &messages.Unsubscribe{Topic: []byte("a")}, []error{messages.ErrMalformed}, "PUSH"},
		{push, &socket.SetOptions{Options: socket.Options{Identity: "me"}}, []error{messages.ErrMalformed}, "ZMQ_ROUTING_ID"},
		{push, &socket.SetOptions{Options: socket.Options{SendHWM: -5}}, []error{messages.ErrMalformed}, "SendHWM"},
		{push, &socket.SetOptions{Options: socket.Options{HeartbeatTTL: 1}}, []error{messages.ErrMalformed}, "HeartbeatTTL"},
	} {
		_, err := messages.Call(r.Ctx, r.Root, c.pid, c.command)
		var refused *messages.Refused
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%T %v: %v", c.command, c.command, err)
		}
		for _, want := range c.want {
			if !errors.Is(err, want) {
				t.Errorf("%T %v: %v is not %v", c.command, c.command, err, want)
			}
		}
	}
	if at := r.At(router); !slices.Equal(at, []string{"inproc://router"}) {
		t.Error(at)
	}
}

// A command without a sender is carried out; nobody is told.
func TestCommandWithoutSender(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	pull := r.Spawn(socket.Config{Type: socket.Pull})
	r.Root.Send(pull, &messages.Bind{Endpoint: "nonsense"})
	r.Root.Send(pull, &messages.Bind{Endpoint: "inproc://quiet"})
	r.Root.Send(pull, &socket.SetOptions{})
	r.Do(pull, &messages.Bind{Endpoint: "inproc://loud"})
	if at := r.At(pull); !slices.Equal(at, []string{"inproc://quiet", "inproc://loud"}) {
		t.Error(at)
	}
}

// Commands that come before the socket is open wait for it, in order.
func TestCommandsBeforeOpen(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	opening, open := make(chan struct{}), make(chan struct{})
	pull := r.Spawn(socket.Config{Type: socket.Pull, Configure: func(*zmq.Socket) error {
		close(opening)
		<-open // a test may block the thread; nobody else
		return nil
	}})
	<-opening
	me := r.Collector()
	r.Root.RequestWithCustomSender(pull, &messages.Bind{Endpoint: "inproc://a"}, me.PID)
	r.Root.RequestWithCustomSender(pull, &messages.Unbind{Endpoint: "inproc://a"}, me.PID)
	r.Root.RequestWithCustomSender(pull, &messages.Bind{Endpoint: "inproc://b"}, me.PID)
	close(open)
	for _, want := range []string{"inproc://a", "", "inproc://b"} {
		if done, _ := rig.Take[*messages.Done](me); done.Endpoint != want {
			t.Errorf("%q, not %q", done.Endpoint, want)
		}
	}
	if at := r.At(pull); !slices.Equal(at, []string{"inproc://b"}) {
		t.Error(at)
	}
}

// Subscriptions come and go. The publisher is an XPUB, which tells when.
func TestCommandsSubscribe(t *testing.T) {
	for _, typ := range []zmq.Type{socket.Sub, socket.XSub} {
		for _, transport := range rig.Transports {
			t.Run(typ.String()+"/"+transport, func(t *testing.T) {
				rig.Leaks(t)
				r := rig.Start(t, zmqthread.Config{})
				topics, got := r.Collector(), r.Collector()
				heard := func(want string) {
					t.Helper()
					if m := topics.Message(); m.Text() != want {
						t.Fatalf("the publisher heard %q, not %q", m.Text(), want)
					}
				}
				xpub := r.Spawn(socket.Config{Type: socket.XPub, Bind: []string{r.Endpoint(transport)}, Deliver: socket.To(topics.PID)})
				sub := r.Spawn(socket.Config{Type: typ, Connect: r.At(xpub), Subscribe: []string{"a", "z"}, Deliver: socket.To(got.PID)})
				publish := func() {
					for _, topic := range []string{"a", "b", "c", "z"} {
						r.Put(xpub, messages.Text(topic, "news"))
					}
				}
				heard("\x01a")
				heard("\x01z")
				publish()
				r.Do(sub, &messages.Subscribe{Topic: []byte("b")})
				heard("\x01b")
				r.Do(sub, &messages.Unsubscribe{Topic: []byte("a")})
				heard("\x00a")
				publish()
				for _, want := range []string{"a news", "z news", "b news", "z news"} {
					if m := got.Message(); m.Text() != want {
						t.Errorf("%q, not %q", m.Text(), want)
					}
				}
				got.Empty()
			})
		}
	}
}

// SetOptions takes effect on the running socket.
func TestCommandsSetOptions(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	router := r.Spawn(socket.Config{Type: socket.Router, Bind: []string{"inproc://options"}})
	if err := messages.Put(r.Ctx, r.Root, router, messages.Text("nobody", "x")); !errors.Is(err, messages.ErrUnreachable) {
		t.Error(err)
	}
	r.Do(router, &socket.SetOptions{Options: socket.Options{DropUnroutable: true}})
	r.Put(router, messages.Text("nobody", "x"))
	r.Do(router, &socket.SetOptions{}) // nothing to set
}

// WaitPeers waits for as many as it was told, over every transport and from both ends.
func TestWaitPeers(t *testing.T) {
	for _, transport := range rig.Transports {
		for _, c := range []struct{ binds, connects socket.Config }{
			{socket.Config{Type: socket.Push}, socket.Config{Type: socket.Pull}},
			{socket.Config{Type: socket.Pub}, socket.Config{Type: socket.Sub, Subscribe: []string{"news"}}},
			{socket.Config{Type: socket.Router}, socket.Config{Type: socket.Dealer, Options: socket.Options{Identity: "bob"}}},
		} {
			t.Run(transport+"/"+c.binds.Type.String(), func(t *testing.T) {
				rig.Leaks(t)
				r := rig.Start(t, zmqthread.Config{})
				c.binds.Bind = []string{r.Endpoint(transport)}
				binds := r.Spawn(c.binds)
				r.Peers(binds, 0)
				ctx, cancel := context.WithCancel(r.Ctx)
				impatient := make(chan error, 1)
				go func() { impatient <- socket.WaitPeers(ctx, r.Root, binds, 1) }()
				cancel()
				if err := <-impatient; !errors.Is(err, context.Canceled) {
					t.Errorf("there is no peer yet: %v", err)
				}
				two := make(chan error, 1)
				go func() { two <- socket.WaitPeers(r.Ctx, r.Root, binds, 2) }()
				c.connects.Connect = r.At(binds)
				got := r.Collector()
				c.connects.Deliver = socket.To(got.PID)
				first := r.Spawn(c.connects)
				r.Peers(first, 1)
				r.Peers(binds, 1)
				select {
				case err := <-two:
					t.Fatalf("there is one peer, not two: %v", err)
				default:
				}
				// Nobody is lost to a slow joiner.
				m := messages.Text("news")
				if c.binds.Type == socket.Router {
					m = messages.Text("bob", "news")
				}
				r.Put(binds, m)
				if m := got.Message(); m.Text() != "news" {
					t.Error(m.Text())
				}
				c.connects.Options.Identity = ""
				r.Peers(r.Spawn(c.connects), 1)
				if err := <-two; err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// Configure runs on the thread before binds and connects; what goes wrong there is a failure of
// this socket alone.
func TestConfigure(t *testing.T) {
	t.Run("runs before bind", func(t *testing.T) {
		rig.Leaks(t)
		r := rig.Start(t, zmqthread.Config{})
		var typ zmq.Type
		var at string
		var hwm int
		pub := r.Spawn(socket.Config{Type: socket.Push, Bind: []string{"inproc://configured"}, Options: socket.Options{SendHWM: 7},
			Configure: func(z *zmq.Socket) (err error) {
				typ, _ = z.GetType()
				at, _ = z.GetLastEndpoint()
				hwm, err = z.GetSndhwm()
				return err
			}})
		r.At(pub)
		if typ != zmq.PUSH || strings.Trim(at, "\x00") != "" || hwm != 7 {
			t.Errorf("%v at %q, high-water mark %d", typ, at, hwm)
		}
	})
	broken := errors.New("broken")
	goexit := func(*zmq.Socket) error { runtime.Goexit(); return nil }
	for name, c := range map[string]struct {
		configure func(*zmq.Socket) error
		want      func(error) bool
	}{
		"error": {func(*zmq.Socket) error { return broken }, func(err error) bool { return errors.Is(err, broken) }},
		"errno": {func(z *zmq.Socket) error { return z.SetSndhwm(-1) }, func(err error) bool {
			return errors.Is(err, zmq.Errno(syscall.EINVAL)) || errors.Is(err, syscall.EINVAL)
		}},
		"panic":  {func(*zmq.Socket) error { panic(broken) }, func(err error) bool { var p *zmqthread.PanicError; return errors.As(err, &p) && errors.Is(err, broken) }},
		"goexit": {goexit, func(err error) bool { return errors.Is(err, zmqthread.ErrGoexit) }},
	} {
		t.Run(name, func(t *testing.T) {
			rig.Leaks(t)
			r := rig.Start(t, zmqthread.Config{})
			got := r.Collector()
			pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"inproc://well"}, Deliver: socket.To(got.PID)})
			r.At(pull)
			sick := r.SpawnSupervised(stopIt, socket.Config{Type: socket.Push, Bind: []string{"inproc://sick"}, Configure: c.configure})
			if _, err := socket.Endpoints(r.Ctx, r.Root, sick); !c.want(err) {
				t.Error(err)
			}
			push := r.Spawn(socket.Config{Type: socket.Push, Connect: []string{"inproc://well"}})
			r.Put(push, messages.Text("x"))
			got.Message()
		})
	}
}

// stopIt stops what fails.
var stopIt = actor.NewOneForOneStrategy(0, 0, func(any) actor.Directive { return actor.StopDirective })

// Two threads that share a context reach one another over inproc; each can go without the other.
func TestShare(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	beside := r.Beside(zmqthread.Config{Share: r.Thread})
	third := r.Beside(zmqthread.Config{Share: beside, Portable: true})
	rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"inproc://shared"}, Deliver: socket.To(r.Echo())})
	r.At(rep)
	req := r.SpawnOn(beside, socket.Config{Type: socket.Req, Connect: []string{"inproc://shared"}})
	dealer := r.SpawnOn(third, socket.Config{Type: socket.Dealer, Connect: []string{"inproc://shared"}})
	r.Peers(req, 1)
	r.Peers(dealer, 1)
	r.Peers(rep, 2)
	for range 100 {
		if reply := r.Ask(req, messages.Text("req")); reply.Text() != "req" {
			t.Error(reply.Text())
		}
		if reply := r.Ask(dealer, messages.Text("dealer")); reply.Text() != "dealer" {
			t.Error(reply.Text())
		}
	}
	if err := beside.Shutdown(r.Ctx); err != nil {
		t.Error(err)
	}
	if reply := r.Ask(dealer, messages.Text("still there")); reply.Text() != "still there" {
		t.Error(reply.Text())
	}
}

// Over inproc the connect may come before the bind.
func TestConnectBeforeBind(t *testing.T) {
	for _, transport := range []string{"inproc", "ipc"} {
		t.Run(transport, func(t *testing.T) {
			rig.Leaks(t)
			r := rig.Start(t, zmqthread.Config{})
			at := r.Endpoint(transport)
			push := r.Spawn(socket.Config{Type: socket.Push, Connect: []string{at}})
			r.At(push)
			r.Root.Send(push, messages.Text("early"))
			got := r.Collector()
			pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{at}, Deliver: socket.To(got.PID)})
			if m := got.Message(); m.Text() != "early" {
				t.Error(m.Text())
			}
			r.Peers(push, 1)
			r.Peers(pull, 1)
		})
	}
}
