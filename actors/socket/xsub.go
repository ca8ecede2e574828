package socket

// xsub receives what begins with one of its topics, and may talk back: a message whose first byte
// is 1 subscribes to what follows it, one with 0 unsubscribes, any other travels to the publishers.
// Config.Subscribe and the live commands send those messages and survive a reopen; subscriptions
// sent by hand do not.
type xsub struct{ duplex }

func newXSub() pattern { return xsub{duplex{simple{XSub}}} }
