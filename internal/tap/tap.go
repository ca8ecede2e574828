// Package tap is where a package that watches asks to be told of what others do. While nobody watches, whoever does it
// pays for one atomic load.
package tap

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Ask is told of a messages.Ask that is over, on the goroutine that has asked: what it was asked with, how long it
// took, and its error. It must not block.
type Ask func(ctx context.Context, took time.Duration, err error)

var (
	changing sync.Mutex
	// asks has who is told, by system. Stored under changing; what it points to is immutable. nil: nobody.
	asks atomic.Pointer[map[*actor.ActorSystem][]*Ask]
)

// Asks has hear called for every Ask through a system, until remove is called. An Ask that has begun by then may
// still be told of.
func Asks(system *actor.ActorSystem, hear Ask) (remove func()) {
	mine := &hear
	change(system, func(all []*Ask) []*Ask { return append(all, mine) })
	return sync.OnceFunc(func() {
		change(system, func(all []*Ask) (left []*Ask) {
			for _, a := range all {
				if a != mine {
					left = append(left, a)
				}
			}
			return left
		})
	})
}

func change(system *actor.ActorSystem, how func([]*Ask) []*Ask) {
	changing.Lock()
	defer changing.Unlock()
	all := map[*actor.ActorSystem][]*Ask{}
	if old := asks.Load(); old != nil {
		all = maps.Clone(*old)
	}
	mine := all[system]
	if mine = how(mine[:len(mine):len(mine)]); len(mine) > 0 {
		all[system] = mine
	} else {
		delete(all, system)
	}
	if len(all) == 0 {
		asks.Store(nil)
		return
	}
	asks.Store(&all)
}

// Hears is who is to be told of an Ask through sender that begins now; nil: nobody.
func Hears(sender actor.SenderContext) []*Ask {
	all := asks.Load()
	if all == nil {
		return nil
	}
	return (*all)[sender.ActorSystem()]
}
