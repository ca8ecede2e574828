package wire

import (
	"context"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Shutdown ends the Wire: it waits up to Config.Linger, and no longer than ctx, until peers have confirmed what
// is on its way to them, tells them that it leaves, and closes its sockets. Watchers and waiting requests are
// told as when a peer dies, with Closed; what could not be sent becomes dead letters. What is sent later, too.
// A second call returns what the first did.
func (w *Wire) Shutdown(ctx context.Context) error {
	w.over.Do(func() { w.err = w.shutdown(ctx) })
	return w.err
}

func (w *Wire) shutdown(ctx context.Context) error {
	w.drain(ctx)
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	close(w.stop)
	<-w.ended
	for _, p := range w.all() {
		p.leave()
	}
	w.chores.Wait()
	return w.release(ctx)
}

// drain waits until everything is confirmed.
func (w *Wire) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, w.cfg.Linger)
	defer cancel()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for n := 0; ; n++ {
		open := false
		for _, p := range w.all() {
			p.mu.Lock()
			waits := p.state == up && p.out.total > p.out.acked
			var beat []byte
			if waits && n%10 == 0 {
				beat = p.beat(flagHurry)
			}
			p.mu.Unlock()
			if open = open || waits; beat != nil {
				p.control(beat)
			}
		}
		if !open {
			return
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// leave says good-bye to a peer.
func (p *peer) leave() {
	p.mu.Lock()
	var bye []byte
	if p.state == up {
		h := p.header(kindBye)
		bye = h.frame()
	}
	p.mu.Unlock()
	if bye != nil {
		p.control(bye)
	}
	p.mu.Lock()
	if p.state != gone {
		if p.state != down {
			p.end(Shutdown, gone)
		}
		p.vanish()
	}
	p.alarm.Stop()
	push := p.line.push
	p.mu.Unlock()
	p.w.root.Poison(push) // what it has is sent within the linger
}

// release gives back what Start has got.
func (w *Wire) release(ctx context.Context) error {
	for _, pid := range []*actor.PID{w.pull, w.zap} {
		if pid != nil {
			_ = w.root.StopFuture(pid).Wait()
		}
	}
	err := w.thread.Shutdown(ctx)
	for _, p := range w.all() {
		w.system.ProcessRegistry.Remove(p.mail)
	}
	if w.inletPID != nil {
		w.system.ProcessRegistry.Remove(w.inletPID)
	}
	return err
}
