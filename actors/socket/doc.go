// Package socket makes one ZeroMQ socket one supervised actor.
//
// [Props] turns a [Config] into an actor; whoever spawns it supervises the socket. What is sent to
// its PID goes out, what arrives goes to the actors in Config.Deliver, and what goes wrong is a
// failure of the actor, which its supervisor handles.
//
// The actor's mailbox is the socket's outbox: bounded, ordered and counted. It outlives restarts,
// and so does the inbox beside it. See docs/data-path.md for the way of one message.
//
// Beside data, a socket understands live commands (messages.Bind, Connect, Subscribe, …,
// [SetOptions]), each answered with messages.Done or refused with messages.Refused, and the
// questions behind [Endpoints], [WaitPeers] and [Counts].
package socket
