package socket_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// What does not fit into the outbox comes back to whoever sent it. Send never waits.
func ExampleOverflow() {
	_, system, thread, end := begin()
	defer end()

	me, back := inbox[*messages.Rejected](system)
	push := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Push, Bind: []string{"inproc://work"}, // nobody is there to take anything
		Overflow: socket.Reject, Outbox: socket.Limit{Messages: 2}}))

	for _, task := range []string{"1", "2", "3"} {
		system.Root.RequestWithCustomSender(push, messages.Text(task), me)
	}
	rejected := <-back
	fmt.Println(rejected.Message.Text(), errors.Is(rejected, messages.ErrFull))
	// Output: 3 true
}

// With DropOldest what has waited longest gives way. It is counted.
func ExampleOverflow_dropOldest() {
	ctx, system, thread, end := begin()
	defer end()

	push := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Push, Bind: []string{"inproc://ticks"},
		Overflow: socket.DropOldest, Outbox: socket.Limit{Messages: 2}}))
	for range 10 {
		system.Root.Send(push, messages.Text("tick"))
	}
	l, err := socket.Counts(ctx, system.Root, push)
	fmt.Println(l.Accepted, "accepted,", l.Discarded["overflow"], "dropped,", l.Queued, "wait", err)
	// Output: 10 accepted, 8 dropped, 2 wait <nil>
}

// A Touch is answered when everything sent before it was taken by ZeroMQ: credit for a sender that must not run
// ahead, at the price of one answer for many messages.
func Example_touch() {
	ctx, system, thread, end := begin()
	defer end()

	sink, got := inbox[*messages.Message](system)
	system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Pull, Bind: []string{"inproc://work"}, Deliver: socket.To(sink)}))
	push := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Push, Connect: []string{"inproc://work"}, Outbox: socket.Limit{Messages: 64}}))

	for sent := 1; sent <= 256; sent++ {
		system.Root.Send(push, messages.Text("task"))
		if sent%32 == 0 { // every half outbox
			if _, err := system.Root.RequestFuture(push, &actor.Touch{}, 20*time.Second).Result(); err != nil {
				fmt.Println(err)
			}
		}
	}
	l, err := socket.Counts(ctx, system.Root, push)
	fmt.Println(l.Taken, "taken,", l.Rejected, "rejected", err)
	for range 256 {
		<-got
	}
	// Output: 256 taken, 0 rejected <nil>
}

// The ledger: every message that a socket has accepted is in one of its columns, and every one that it has received.
func ExampleCounts() {
	ctx, system, thread, end := begin()
	defer end()

	sink, got := inbox[*messages.Message](system)
	pull := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Pull, Bind: []string{"inproc://work"}, Deliver: socket.To(sink)}))
	push := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push, Connect: []string{"inproc://work"}}))
	for range 3 {
		if err := messages.Put(ctx, system.Root, push, messages.Text("task")); err != nil {
			fmt.Println(err)
		}
		<-got
	}
	sent, _ := socket.Counts(ctx, system.Root, push)
	received, _ := socket.Counts(ctx, system.Root, pull)
	fmt.Println("accepted", sent.Accepted, "= taken", sent.Taken, "+ queued", sent.Queued)
	fmt.Println("received", received.Received, "= delivered", received.Delivered, "+ held", received.Held)
	// Output:
	// accepted 3 = taken 3 + queued 0
	// received 3 = delivered 3 + held 0
}

// With Coalesce on both ends small messages travel together. Nobody sees a difference but the clock.
func ExampleConfig_coalesce() {
	_, system, thread, end := begin()
	defer end()

	sink, got := inbox[*messages.Message](system)
	system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Pull, Bind: []string{"inproc://work"}, Deliver: socket.To(sink), Coalesce: true}))
	push := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Push, Connect: []string{"inproc://work"}, Coalesce: true}))
	for _, word := range []string{"small", "messages", "in", "order"} {
		system.Root.Send(push, messages.Text(word))
	}
	for range 4 {
		fmt.Print((<-got).Text(), " ")
	}
	// Output: small messages in order
}
