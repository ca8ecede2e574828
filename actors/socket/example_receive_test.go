package socket_test

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// Everybody gets everything.
func ExampleTo() {
	_, system, thread, end := begin()
	defer end()

	ledger, booked := inbox[*messages.Message](system)
	screen, shown := inbox[*messages.Message](system)
	system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Pull, Bind: []string{"inproc://orders"}, Deliver: socket.To(ledger, screen)}))
	push := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push, Connect: []string{"inproc://orders"}}))

	system.Root.Send(push, messages.Text("two salmon"))
	fmt.Println((<-booked).Text(), "/", (<-shown).Text())
	// Output: two salmon / two salmon
}

// Each message goes to the next receiver that has room: a pool of workers behind one socket.
func ExampleRoundRobin() {
	_, system, thread, end := begin()
	defer end()

	a, atA := inbox[*messages.Message](system)
	b, atB := inbox[*messages.Message](system)
	system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Pull, Bind: []string{"inproc://work"}, Deliver: socket.RoundRobin(a, b)}))
	push := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push, Connect: []string{"inproc://work"}}))

	for _, task := range []string{"1", "2", "3", "4"} {
		system.Root.Send(push, messages.Text(task))
	}
	fmt.Println("a:", (<-atA).Text(), (<-atA).Text())
	fmt.Println("b:", (<-atB).Text(), (<-atB).Text())
	// Output:
	// a: 1 3
	// b: 2 4
}

// The longest prefix of the first frame decides.
func ExampleByTopic() {
	_, system, thread, end := begin()
	defer end()

	sports, sporty := inbox[*messages.Message](system)
	chess, chessy := inbox[*messages.Message](system)
	system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Pull, Bind: []string{"inproc://news"},
		Deliver: socket.ByTopic(map[string]*actor.PID{"sports": sports, "sports.chess": chess})}))
	push := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push, Connect: []string{"inproc://news"}}))

	system.Root.Send(push, messages.Text("sports.chess", "mate"))
	system.Root.Send(push, messages.Text("sports.rowing", "eight"))
	fmt.Println((<-chessy).Text())
	fmt.Println((<-sporty).Text())
	// Output:
	// sports.chess mate
	// sports.rowing eight
}

// Receivers come and go while the socket runs. While there is none a Pull is not read, and nothing is lost.
func ExampleAttach() {
	ctx, system, thread, end := begin()
	defer end()

	early, atEarly := inbox[*messages.Message](system)
	late, atLate := inbox[*messages.Message](system)
	pull := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Pull, Bind: []string{"inproc://work"}, Deliver: socket.To(early)}))
	push := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push, Connect: []string{"inproc://work"}}))

	system.Root.Send(push, messages.Text("first"))
	fmt.Println("early:", (<-atEarly).Text())
	if _, err := messages.Call(ctx, system.Root, pull, &socket.Detach{PID: early}); err != nil {
		fmt.Println(err)
	}
	system.Root.Send(push, messages.Text("second")) // waits for somebody
	if _, err := messages.Call(ctx, system.Root, pull, &socket.Attach{PID: late}); err != nil {
		fmt.Println(err)
	}
	fmt.Println("late:", (<-atLate).Text())
	// Output:
	// early: first
	// late: second
}

// A receiver is given Window messages that it has not processed, and no more: then its socket is not read, and the
// far sender feels it. It does nothing for that; Proto.Actor answers for it how far it has got.
func ExampleConfig_window() {
	ctx, system, thread, end := begin()
	defer end()

	gate := make(chan bool)
	busy := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*messages.Message); ok {
			<-gate // it takes its time
		}
	}))
	pull := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Pull, Bind: []string{"inproc://work"}, Deliver: socket.To(busy), Window: 4}))
	push := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push, Connect: []string{"inproc://work"}}))
	for range 100 {
		if err := messages.Put(ctx, system.Root, push, messages.Text("task")); err != nil {
			fmt.Println(err)
		}
	}
	delivered := func(n uint64) uint64 {
		for {
			if l, err := socket.Counts(ctx, system.Root, pull); err != nil || l.Delivered >= n {
				return l.Delivered
			}
		}
	}
	fmt.Println(delivered(4), "of 100 delivered, none processed")
	close(gate)
	fmt.Println(delivered(100), "delivered")
	// Output:
	// 4 of 100 delivered, none processed
	// 100 delivered
}

// With Batch a receiver gets many messages as one, which is what to do where there are many small ones.
func ExampleConfig_batch() {
	_, system, thread, end := begin()
	defer end()

	sink, got := inbox[*messages.Batch](system)
	system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Pull, Bind: []string{"inproc://metrics"}, Deliver: socket.To(sink), Batch: 256}))
	push := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push, Connect: []string{"inproc://metrics"}}))

	b := messages.NewBatch()
	for i := range 1000 {
		b.Append(fmt.Append(nil, i))
	}
	system.Root.Send(push, b)

	n, bytes := 0, 0
	for n < 1000 {
		b := <-got
		for frame := range b.Frames() {
			bytes += len(frame)
		}
		n += int(b.Count)
		b.Release() // its memory goes to the next one
	}
	fmt.Println(n, "messages of", bytes, "bytes")
	// Output: 1000 messages of 2890 bytes
}
