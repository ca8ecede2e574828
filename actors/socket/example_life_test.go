package socket_test

import (
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// Which port a wildcard bind got. It is kept when the socket is reopened.
func ExampleEndpoints() {
	ctx, system, thread, end := begin()
	defer end()

	pull := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}}))
	at, err := socket.Endpoints(ctx, system.Root, pull)
	fmt.Println(len(at), strings.HasPrefix(at[0], "tcp://127.0.0.1:"), strings.HasSuffix(at[0], "*"), err)
	// Output: 1 true false <nil>
}

// Waiting for peers, where others sleep.
func ExampleWaitPeers() {
	ctx, system, thread, end := begin()
	defer end()

	pub := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Pub, Bind: []string{"inproc://news"}}))
	for range 3 {
		system.Root.Spawn(socket.Props(thread, socket.Config{
			Type: socket.Sub, Connect: []string{"inproc://news"}, Subscribe: []string{""}}))
	}
	fmt.Println(socket.WaitPeers(ctx, system.Root, pub, 3))
	n, err := socket.PeerCount(ctx, system.Root, pub)
	fmt.Println(n, err)
	// Output:
	// <nil>
	// 3 <nil>
}

// What happens to a socket and to its peers, as typed events for an actor.
func Example_events() {
	ctx, system, thread, end := begin()
	defer end()

	watcher, events := inbox[fmt.Stringer](system)
	pull := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Events: watcher}))
	at, err := socket.Endpoints(ctx, system.Root, pull)
	if err != nil {
		fmt.Println(err)
	}
	push := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push, Connect: at}))
	for event := range events {
		switch e := event.(type) {
		case *socket.Opened:
			fmt.Println("open, bound to", len(e.Endpoints), "endpoint")
		case *socket.Accepted:
			fmt.Println("somebody has connected")
		case *socket.HandshakeSucceeded:
			fmt.Println("and is a peer")
			system.Root.Stop(push)
		case *socket.Disconnected:
			fmt.Println("it has gone")
			system.Root.Stop(pull)
		case *socket.Stopped:
			fmt.Println("stopped, reason:", e.Reason)
			return
		}
	}
	// Output:
	// open, bound to 1 endpoint
	// somebody has connected
	// and is a peer
	// it has gone
	// stopped, reason: <nil>
}

// A failure, and what follows: the supervisor has the socket opened anew, after a pause, with its port and its outbox.
// Fail makes one, for a drill.
func ExampleFail() {
	ctx, system, thread, end := begin()
	defer end()

	watcher, events := inbox[fmt.Stringer](system)
	restart := actor.WithGuardian(&supervision.Backoff{Min: time.Millisecond, Max: 50 * time.Millisecond})
	pull := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Events: watcher}, restart))
	before, err := socket.Endpoints(ctx, system.Root, pull)
	if err != nil {
		fmt.Println(err)
	}
	system.Root.Send(pull, &socket.Fail{Err: errors.New("somebody has pulled the plug")})

	opened := 0
	for event := range events {
		switch e := event.(type) {
		case *socket.Failed:
			fmt.Println(e)
		case *socket.Opened:
			if opened++; opened == 2 {
				fmt.Println("the same port:", e.Endpoints[0] == before[0])
				return
			}
		}
	}
	// Output:
	// failed (transient, native socket kept: false): somebody has pulled the plug
	// the same port: true
}

// A wrong Config is found before anything is opened. An actor that was spawned with one says it to everybody.
func ExampleConfig_Validate() {
	ctx, system, thread, end := begin()
	defer end()

	cfg := socket.Config{Type: socket.Push, Subscribe: []string{"news"}}
	fmt.Println(cfg.Validate())

	pid := system.Root.Spawn(socket.Props(thread, cfg))
	err := messages.Put(ctx, system.Root, pid, messages.Text("hello"))
	var wrong *socket.ConfigError
	fmt.Println(errors.As(err, &wrong), wrong.Field)
	// Output:
	// socket config: Subscribe = []string{"news"}: PUSH does not subscribe
	// true Subscribe
}

// Poison sends what the outbox holds, as long as the linger allows, and then closes. Stop closes: what waits is a
// dead letter, and counted.
func Example_poison() {
	_, system, thread, end := begin()
	defer end()

	sink, got := inbox[*messages.Message](system)
	watcher, stopped := inbox[*socket.Stopped](system)
	system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Pull, Bind: []string{"inproc://here"}, Deliver: socket.To(sink)}))

	patient := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Push, Connect: []string{"inproc://here"}, Events: watcher}))
	system.Root.Send(patient, messages.Text("last words"))
	system.Root.Poison(patient)
	e := <-stopped
	fmt.Println("poisoned:", (<-got).Text(), "/ dead letters:", e.Ledger.DeadLettered)

	hasty := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Push, Bind: []string{"inproc://nobody"}, Events: watcher}))
	system.Root.Send(hasty, messages.Text("last words"))
	system.Root.Stop(hasty)
	e = <-stopped
	fmt.Println("stopped: dead letters:", e.Ledger.DeadLettered)
	// Output:
	// poisoned: last words / dead letters: 0
	// stopped: dead letters: 1
}

// Reason says why a socket is gone: here, by default, because its receiver is.
func ExampleOnDead() {
	ctx, system, thread, end := begin()
	defer end()

	worker, _ := inbox[*messages.Message](system)
	watcher, stopped := inbox[*socket.Stopped](system)
	pull := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Pull, Bind: []string{"inproc://work"},
		Deliver: socket.To(worker), OnDead: socket.StopSocket, Events: watcher}))
	system.Root.Stop(worker)
	<-stopped
	fmt.Println(errors.Is(socket.Reason(ctx, system.Root, pull), socket.ErrReceiverGone))
	// Output: true
}

// A socket that you have made with pebbe/zmq4 becomes an actor. From then on it is the thread's.
func ExampleAdopt() {
	native, err := zmq.NewContext()
	if err != nil {
		log.Fatal(err)
	}
	defer native.Term() // when the thread has closed the socket
	ctx, system, thread, end := begin()
	defer end()

	mine, err := native.NewSocket(zmq.PULL)
	if err != nil {
		log.Fatal(err)
	}
	if err := mine.Bind("tcp://127.0.0.1:*"); err != nil {
		log.Fatal(err)
	}
	at, err := mine.GetLastEndpoint()
	if err != nil {
		log.Fatal(err)
	}
	sink, got := inbox[*messages.Message](system)
	system.Root.Spawn(socket.Adopt(thread, mine, socket.Config{Deliver: socket.To(sink)}))

	push := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push, Connect: []string{at}}))
	if err := messages.Put(ctx, system.Root, push, messages.Text("hello")); err != nil {
		fmt.Println(err)
	}
	fmt.Println((<-got).Text())
	// Output: hello
}

// Configure sets what Options has no field for, at every open. An error that it returns is one of the socket.
func ExampleConfig_configure() {
	ctx, system, thread, end := begin()
	defer end()

	pull := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"},
		Options:   socket.Options{RecvHWM: 10_000, Linger: 2 * time.Second},
		Configure: func(s *zmq.Socket) error { return s.SetTcpAcceptFilter("127.0.0.0/8") }}))
	at, err := socket.Endpoints(ctx, system.Root, pull)
	fmt.Println(len(at), err)

	_, err = messages.Call(ctx, system.Root, pull, &socket.SetOptions{Options: socket.Options{RecvHWM: 20_000}})
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// <nil>
}

// A Req that gives up on a socket and not on its request: the Guide's Lazy Pirate. Its server keeps the first two to itself.
func ExampleConfig_retries() {
	ctx, system, thread, end := begin()
	defer end()

	tries := 0
	moody := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			if tries++; tries > 2 {
				c.Respond(messages.Text(m.Text(), "at last"))
			}
		}
	}))
	rep := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(moody)}))
	at, err := socket.Endpoints(ctx, system.Root, rep)
	if err != nil {
		fmt.Println(err)
	}
	req := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Req, Connect: at, ReplyTimeout: 300 * time.Millisecond, Retries: 20},
		actor.WithGuardian(&supervision.Backoff{Min: time.Millisecond})))
	reply, err := messages.Ask(ctx, system.Root, req, messages.Text("answered"))
	fmt.Println(reply.Text(), err)
	// Output: answered at last <nil>
}
