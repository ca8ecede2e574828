package zmqthread

import "github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"

// Large is one received message of more than 64 KiB, which is still in libzmq's memory. Whoever
// gets one calls Batch or Free, once, from any goroutine but not on the ZeroMQ thread.
type Large = native.Large

// Borrowed says how much of other people's memory is in use in this process: sending is how many
// large frames libzmq sends from the memory of who sent them, received how many large messages
// libzmq has received that no actor has copied yet. Both are 0 when every Thread was shut down and
// every socket's actor has stopped.
func Borrowed() (sending, received int) { return native.Pinned(), native.Received() }
