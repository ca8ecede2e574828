package socket

import "github.com/sockeye-mq/sockeye/messages"

// pull takes messages from all of its peers in turn. It does not send.
type pull struct{ simple }

func newPull() pattern   { return pull{simple{Pull}} }
func (pull) sends() bool { return false }

func (pull) address(*box, *messages.Message, *origin) ([][]byte, [][]byte, messages.Reason) {
	return nil, nil, messages.Reason_WRONG_DIRECTION
}
