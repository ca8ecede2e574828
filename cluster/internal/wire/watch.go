package wire

import (
	"strings"

	"github.com/asynkron/protoactor-go/actor"
)

// maxWatched is how many bonds one peer may have with the actors of this system.
const maxWatched = 1 << 16

// watch watches an actor of the peer's for one of this system. It is remembered here: when the session ends,
// the watcher is told, and a Terminated that nobody has asked for is not believed.
func (p *peer) watch(pid *actor.PID, m *actor.Watch) {
	b := bond{m.Watcher.GetId(), pid.Id}
	p.mu.Lock()
	ok := p.state == connecting || p.state == up
	if ok {
		p.watching[b] = struct{}{}
		if n := len(p.watching); n > 1024 && n&(n-1) == 0 {
			p.sweep()
		}
	}
	p.mu.Unlock()
	if ok && p.sendSystem(pid, m) {
		return
	}
	p.mu.Lock()
	_, still := p.watching[b]
	delete(p.watching, b)
	p.mu.Unlock()
	if still || !ok { // otherwise the end of the session has told it
		p.w.terminate(p.address, b)
	}
}

// sweep forgets watchers that are no more: Futures that wait for an end do not say so. Caller holds mu.
func (p *peer) sweep() {
	for b := range p.watching {
		if _, alive := p.w.system.ProcessRegistry.GetLocal(b.watcher); !alive {
			delete(p.watching, b)
		}
	}
}

func (p *peer) unwatch(pid *actor.PID, m *actor.Unwatch) {
	p.mu.Lock()
	b := bond{m.Watcher.GetId(), pid.Id}
	_, had := p.watching[b]
	delete(p.watching, b)
	p.mu.Unlock()
	if had {
		p.sendSystem(pid, m)
	}
}

// systemMessage carries out a system message from a peer, and says what is wrong with it.
func (p *peer) systemMessage(session uint64, target *actor.PID, message any) Drop {
	local, exists := p.w.system.ProcessRegistry.GetLocal(target.Id)
	answerer := strings.HasPrefix(target.Id, "ask$") || isFuture(target.Id) // a process that takes any message for its answer
	switch m := message.(type) {
	case *actor.Watch:
		return p.watchHere(session, target, m.Watcher, answerer)
	case *actor.Unwatch:
		if !p.theirs(m.Watcher) || answerer {
			return Misplaced
		}
		p.mu.Lock()
		delete(p.watched, bond{m.Watcher.Id, target.Id})
		p.mu.Unlock()
		if exists {
			local.SendSystemMessage(target, m)
		}
	case *actor.Stop:
		if answerer {
			return Misplaced
		}
		if exists {
			local.Stop(target)
		}
	case *actor.Terminated:
		if !p.theirs(m.Who) {
			return Misplaced
		}
		p.mu.Lock()
		b := bond{target.Id, m.Who.Id}
		_, asked := p.watching[b]
		delete(p.watching, b)
		p.mu.Unlock()
		if !asked {
			return Misplaced
		}
		if exists {
			local.SendSystemMessage(target, m)
		}
	default:
		return Misplaced
	}
	return 0
}

// theirs reports whether pid is one of the peer's own.
func (p *peer) theirs(pid *actor.PID) bool {
	return pid != nil && pid.Address == p.address && goodName(pid.Id)
}

// watchHere lets an actor of the peer's watch one of this system.
func (p *peer) watchHere(session uint64, target, watcher *actor.PID, answerer bool) Drop {
	if !p.theirs(watcher) || answerer {
		return Misplaced
	}
	p.mu.Lock()
	full := len(p.watched) >= maxWatched
	current := p.session == session
	if current && !full {
		p.watched[bond{watcher.Id, target.Id}] = struct{}{}
	}
	p.mu.Unlock()
	switch {
	case !current:
		return Stale
	case full: // it must not watch for ever
		p.sendSystem(watcher, &actor.Terminated{Who: target, Why: actor.TerminatedReason_AddressTerminated})
		return SystemFull
	}
	return p.w.deliverSystem(target, &actor.Watch{Watcher: watcher})
}

// deliverSystem gives a system message to a process, or to dead letters, which answers a Watch.
func (w *Wire) deliverSystem(target *actor.PID, m any) Drop {
	process, _ := w.system.ProcessRegistry.Get(target)
	process.SendSystemMessage(target, m)
	return 0
}
