// Package zmq4chan has the signatures of what docs/migrating.md uses of github.com/thinkdoggie/zmq4chan, so that its
// block is compiled without that module.
package zmq4chan

import (
	"context"

	zmq4 "github.com/pebbe/zmq4"
)

type ChanAdapter struct{}

func NewChanAdapter(socket *zmq4.Socket, rxChanSize, txChanSize int) *ChanAdapter { return nil }
func (*ChanAdapter) Start(context.Context)                                        {}
func (*ChanAdapter) RxChan() <-chan [][]byte                                      { return nil }
func (*ChanAdapter) TxChan() chan<- [][]byte                                      { return nil }
func (*ChanAdapter) Close()                                                       {}
