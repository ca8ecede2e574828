package socket

// pair talks to exactly one peer, both ways. ZeroMQ means it for inproc: over a network it does
// not come back from a lost connection in every case (zmq_socket(3)).
type pair struct{ duplex }

func newPair() pattern { return pair{duplex{simple{Pair}}} }
