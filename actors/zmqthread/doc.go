// Package zmqthread runs ZeroMQ sockets inside a Proto.Actor system.
//
// ZeroMQ sockets are not thread-safe. A [Thread] is one OS thread that owns all of its sockets, and
// at the same time an [actor.Dispatcher]: it runs the turns of the poll actor, serves the sockets
// that are ready, and sleeps in zmq_poll when there is neither. Everything reaches it through the
// poll actor's mailbox; an inproc control socket wakes it.
//
// Nothing on the thread blocks. Sends and receives are DONTWAIT, closing is asynchronous, and
// terminating the context happens elsewhere. One turn gives one socket a budget of messages and
// bytes, so that none starves its neighbours.
//
// Native sockets belong to the Thread, keyed by the PID of their owner, and outlive both actors
// around them: the next incarnation of the poll actor takes the table over, and an owner that was
// restarted gets its socket back.
//
// Users start a Thread, shut it down, and pass it to package socket. The rest is for package
// socket: [Open], [Close] and [Do] are what the poll actor understands, [Port] is what the thread
// wants from a socket's owner.
package zmqthread
