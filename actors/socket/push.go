package socket

// push hands each message to one of its peers. With none, or only full ones, its outbox fills.
type push struct{ simple }

func newPush() pattern       { return push{simple{Push}} }
func (push) receives() bool  { return false }
func (push) mayReceive() int { return 0 }
