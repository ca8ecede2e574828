package socket_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// A Req has one request on the wire at a time; whoever asks meanwhile waits in its outbox.
func Example_req() {
	ctx, system, thread, end := begin()
	defer end()

	system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Rep, Bind: []string{"inproc://service"}, Deliver: socket.To(shouter(system))}))
	req := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Req, Connect: []string{"inproc://service"}}))

	reply, err := messages.Ask(ctx, system.Root, req, messages.Text("hello"))
	fmt.Println(reply.Text(), err)
	// Output: HELLO <nil>
}

// A Rep delivers requests to actors, as many at once as there are clients. Each answers with c.Respond,
// in its own time; or with messages.Reply, sent to the Rep's PID from anywhere.
func Example_rep() {
	ctx, system, thread, end := begin()
	defer end()

	service := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			words := strings.Fields(m.Text())
			c.Respond(messages.Text(fmt.Sprint(len(words), " words")))
		}
	}))
	rep := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(service)}))
	at, err := socket.Endpoints(ctx, system.Root, rep)
	if err != nil {
		fmt.Println(err)
	}
	req := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Req, Connect: at}))

	reply, err := messages.Ask(ctx, system.Root, req, messages.Text("to be or not to be"))
	fmt.Println(reply.Text(), err)
	// Output: 6 words <nil>
}

// A Dealer keeps many requests in flight; Ask finds the reply to each, in whatever order they come.
func Example_dealer() {
	ctx, system, thread, end := begin()
	defer end()

	system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Rep, Bind: []string{"inproc://service"}, Deliver: socket.To(shouter(system))}))
	dealer := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Dealer, Connect: []string{"inproc://service"}}))

	replies := make([]string, 3)
	done := make(chan int)
	for i, word := range []string{"one", "two", "three"} {
		go func() {
			reply, err := messages.Ask(ctx, system.Root, dealer, messages.Text(word))
			if err == nil {
				replies[i] = reply.Text()
			}
			done <- i
		}()
	}
	for range replies {
		<-done
	}
	fmt.Println(replies)
	// Output: [ONE TWO THREE]
}

// A Router knows its peers by their identity. What it delivers begins with it; Body and Text leave it out. A first
// frame that you write says whom a message is for.
func Example_router() {
	ctx, system, thread, end := begin()
	defer end()

	desk, asked := inbox[*messages.Message](system)
	alice, told := inbox[*messages.Message](system)
	router := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Router, Bind: []string{"inproc://desk"}, Deliver: socket.To(desk)}))
	dealer := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Dealer, Connect: []string{"inproc://desk"},
		Deliver: socket.To(alice), Options: socket.Options{Identity: "alice"}}))

	system.Root.Send(dealer, messages.Text("I am here"))
	m := <-asked
	fmt.Printf("from %s: %s\n", m.Frames[0], m.Text())

	if err := messages.Put(ctx, system.Root, router, messages.Text("alice", "there is mail for you")); err != nil {
		fmt.Println(err)
	}
	fmt.Println("alice is told:", (<-told).Text())

	err := messages.Put(ctx, system.Root, router, messages.Text("bob", "and for you"))
	fmt.Println("bob is not there:", errors.Is(err, messages.ErrUnreachable))
	// Output:
	// from alice: I am here
	// alice is told: there is mail for you
	// bob is not there: true
}

// A Push deals its messages out, in turn, to the Pulls that have room. Put returns when ZeroMQ has taken a message.
func Example_push() {
	ctx, system, thread, end := begin()
	defer end()

	push := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push, Bind: []string{"inproc://work"}}))
	var workers [2]<-chan *messages.Message
	for i := range workers {
		var worker *actor.PID
		worker, workers[i] = inbox[*messages.Message](system)
		system.Root.Spawn(socket.Props(thread, socket.Config{
			Type: socket.Pull, Connect: []string{"inproc://work"}, Deliver: socket.To(worker)}))
	}
	if err := socket.WaitPeers(ctx, system.Root, push, len(workers)); err != nil {
		fmt.Println(err)
	}
	for i := range 4 {
		if err := messages.Put(ctx, system.Root, push, messages.Text(fmt.Sprint("task ", i))); err != nil {
			fmt.Println(err)
		}
	}
	for _, tasks := range workers {
		first, second := <-tasks, <-tasks
		fmt.Println("one of the two has", len(first.Text()+second.Text()), "bytes of work")
	}
	// Output:
	// one of the two has 12 bytes of work
	// one of the two has 12 bytes of work
}

// A Pull receives from all Pushes in turn. Here three of them hand in a result each.
func Example_pull() {
	_, system, thread, end := begin()
	defer end()

	sink, results := inbox[*messages.Message](system)
	system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Pull, Bind: []string{"inproc://results"}, Deliver: socket.To(sink)}))
	for _, result := range []string{"1", "2", "3"} {
		push := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push, Connect: []string{"inproc://results"}}))
		system.Root.Send(push, messages.Text(result))
	}
	var all []string
	for range 3 {
		all = append(all, (<-results).Text())
	}
	slices.Sort(all)
	fmt.Println(all)
	// Output: [1 2 3]
}

// A Pair is one end of a line between two, both of which send and receive.
func Example_pair() {
	_, system, thread, end := begin()
	defer end()

	left, toLeft := inbox[*messages.Message](system)
	right, toRight := inbox[*messages.Message](system)
	here := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Pair, Bind: []string{"inproc://line"}, Deliver: socket.To(left)}))
	there := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Pair, Connect: []string{"inproc://line"}, Deliver: socket.To(right)}))

	system.Root.Send(here, messages.Text("ping"))
	fmt.Println((<-toRight).Text())
	system.Root.Send(there, messages.Text("pong"))
	fmt.Println((<-toLeft).Text())
	// Output:
	// ping
	// pong
}

// A Stream speaks plain TCP, to programs that have never heard of ZeroMQ. What it delivers is the identity of the
// connection and some bytes; none when a connection begins or ends.
func Example_stream() {
	ctx, system, thread, end := begin()
	defer end()

	echo := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok && m.Text() != "" {
			c.Respond(messages.Text("you said " + m.Text()))
		}
	}))
	stream := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Stream, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(echo)}))
	at, err := socket.Endpoints(ctx, system.Root, stream)
	if err != nil {
		fmt.Println(err)
	}

	conn, err := net.Dial("tcp", strings.TrimPrefix(at[0], "tcp://"))
	if err != nil {
		fmt.Println(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "hello")
	answer := make([]byte, len("you said hello"))
	_, err = io.ReadFull(conn, answer)
	fmt.Println(string(answer), err)
	// Output: you said hello <nil>
}
