package socket

import "github.com/sockeye-mq/sockeye/messages"

// sub receives what begins with one of its topics. It does not send; topics come and go with
// messages.Subscribe and Unsubscribe.
type sub struct{ simple }

func newSub() pattern   { return sub{simple{Sub}} }
func (sub) sends() bool { return false }

func (sub) address(*box, *messages.Message, *origin) ([][]byte, [][]byte, messages.Reason) {
	return nil, nil, messages.Reason_WRONG_DIRECTION
}
