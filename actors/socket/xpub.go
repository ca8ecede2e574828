package socket

// xpub sends like a Pub and delivers what its subscribers say: a message whose first byte is 1
// subscribes to what follows it, one with 0 unsubscribes.
type xpub struct{ duplex }

func newXPub() pattern { return xpub{duplex{simple{XPub}}} }
