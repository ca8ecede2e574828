package socket_test

import (
	"fmt"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// A Pub sends to all whose topics fit. Wait for the first subscriber instead of sleeping: what is sent
// before it is there nobody gets.
func Example_pub() {
	ctx, system, thread, end := begin()
	defer end()

	listener, heard := inbox[*messages.Message](system)
	pub := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Pub, Bind: []string{"inproc://news"}}))
	system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Sub, Connect: []string{"inproc://news"},
		Subscribe: []string{"weather"}, Deliver: socket.To(listener)}))
	if err := socket.WaitPeers(ctx, system.Root, pub, 1); err != nil {
		fmt.Println(err)
	}

	system.Root.Send(pub, messages.Text("sports", "1:0"))
	system.Root.Send(pub, messages.Text("weather", "rain"))
	fmt.Println((<-heard).Text())
	// Output: weather rain
}

// A Sub can change what it has subscribed to while it runs. A topic is a prefix of a message's first frame.
func Example_sub() {
	ctx, system, thread, end := begin()
	defer end()

	listener, heard := inbox[*messages.Message](system)
	pub := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Pub, Bind: []string{"inproc://news"}}))
	sub := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Sub, Connect: []string{"inproc://news"}, Deliver: socket.To(listener)}))
	if _, err := messages.Call(ctx, system.Root, sub, &messages.Subscribe{Topic: []byte("sports.")}); err != nil {
		fmt.Println(err)
	}
	if err := socket.WaitPeers(ctx, system.Root, pub, 1); err != nil {
		fmt.Println(err)
	}

	for _, topic := range []string{"weather", "sports.chess", "sports.go"} {
		system.Root.Send(pub, messages.Text(topic, "news"))
	}
	fmt.Println((<-heard).Text())
	fmt.Println((<-heard).Text())
	// Output:
	// sports.chess news
	// sports.go news
}

// An XPub delivers what its subscribers say, a 1 and the topic, so that a program can learn what is wanted.
func Example_xpub() {
	_, system, thread, end := begin()
	defer end()

	watcher, wanted := inbox[*messages.Message](system)
	listener, heard := inbox[*messages.Message](system)
	xpub := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.XPub, Bind: []string{"inproc://prices"}, Deliver: socket.To(watcher)}))
	system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Sub, Connect: []string{"inproc://prices"},
		Subscribe: []string{"salmon"}, Deliver: socket.To(listener)}))

	fmt.Printf("%q\n", (<-wanted).Text())
	system.Root.Send(xpub, messages.Text("salmon", "12.50"))
	fmt.Println((<-heard).Text())
	// Output:
	// "\x01salmon"
	// salmon 12.50
}

// An XSub subscribes like a Sub, and may also talk back: an XPub's receivers get what it sends.
func Example_xsub() {
	ctx, system, thread, end := begin()
	defer end()

	watcher, said := inbox[*messages.Message](system)
	listener, heard := inbox[*messages.Message](system)
	xpub := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.XPub, Bind: []string{"inproc://prices"}, Deliver: socket.To(watcher)}))
	xsub := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.XSub, Connect: []string{"inproc://prices"},
		Subscribe: []string{"trout"}, Deliver: socket.To(listener)}))
	if err := socket.WaitPeers(ctx, system.Root, xsub, 1); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%q\n", (<-said).Text())

	system.Root.Send(xsub, messages.Text("how much is trout?"))
	fmt.Println((<-said).Text())
	system.Root.Send(xpub, messages.Text("trout", "9.90"))
	fmt.Println((<-heard).Text())
	// Output:
	// "\x01trout"
	// how much is trout?
	// trout 9.90
}
