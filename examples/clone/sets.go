package main

import (
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// confirm is for KVPUB: one of ours is confirmed when the server that we follow has published it.
func (k *client) confirm(c actor.Context, from int, u update) {
	if u.uuid == "" || from != k.replica.at {
		return
	}
	k.sets = slices.DeleteFunc(k.sets, func(a *asked) bool {
		ours := a.u.uuid == u.uuid
		if ours && a.by != nil {
			c.Send(a.by, &messages.Done{})
		}
		return ours
	})
}

// resend sends once more, in their order, all sets that are not confirmed if one has waited for too long, or if all
// is said to be due; and gives up those that nobody wants. To send one that is later than another,
// and not that, could leave an older value.
func (k *client) resend(c actor.Context, now time.Time, all bool) {
	k.sets = slices.DeleteFunc(k.sets, func(a *asked) bool {
		late := !now.Before(a.until)
		if late && a.by != nil {
			c.Send(a.by, ErrUnconfirmed)
		}
		return late
	})
	if !all && !slices.ContainsFunc(k.sets, func(a *asked) bool { return !now.Before(a.again) }) {
		return
	}
	for _, a := range k.sets {
		a.again = now.Add(k.silent)
		c.Send(k.pub, messages.Bytes(a.u.frames()...))
	}
}
