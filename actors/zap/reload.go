package zap

import (
	"context"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// Reload is a live command: it puts another policy in force and then ends connections on which somebody
// may be whom the new policy refuses; see Apply. It is answered with *Reloaded, or with a *PolicyError,
// and then the old one stays.
type Reload struct{ Policy Policy }

// AskCounts is answered with *Counts.
type AskCounts struct{}

// Apply has the handler pid work by another policy, from here on.
//
// Who was let in before and would not be now is cut off: ZAP knows a connection by the address it came
// from, without a port, so every connection goes that a socket of the domain has accepted from such an
// address (over ipc, every one), on all threads of the context. ZeroMQ's peers connect again by
// themselves and are asked again; the innocent are back within their ReconnectInterval. Credentials that
// only Decide can judge are asked about again, as is everybody in a domain in which more than 16,384
// were let in.
//
// Apply returns when that is done. Reloaded says what could not be cut. A handler does not know whom
// another before it has let in.
func Apply(ctx context.Context, sender actor.SenderContext, pid *actor.PID, p Policy) (*Reloaded, error) {
	a, err := messages.Call(ctx, sender, pid, &Reload{p})
	if err != nil {
		return nil, fmt.Errorf("reload: %w", err)
	}
	done, ok := a.(*Reloaded)
	if !ok {
		return nil, fmt.Errorf("reload: %w: answered with a %T", messages.ErrMalformed, a)
	}
	return done, done.Err
}
