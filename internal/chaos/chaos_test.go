package chaos

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

var chaosFor = flag.Duration("chaos", time.Minute, "how long TestChaos kills")

// someSeed is -seed, or one of the clock.
func someSeed() uint64 {
	if *seed != 0 {
		return *seed
	}
	return uint64(time.Now().UnixNano())
}

// Sockets, their actors, their receivers, threads and other processes are killed at random. Every
// Ask ends in the right reply or an error with a type, within its time; the ledgers add up whenever
// one looks; what must not be lost is not; nothing is left behind; and a moment after the last kill
// everything works.
func TestChaos(t *testing.T) {
	inflict(t, someSeed(), *chaosFor)
}

var errChaos = errors.New("chaos")

// inflict carries out the plan of a seed and returns what was done.
func inflict(t *testing.T, seed uint64, long time.Duration) (done []kill) {
	// Where a crash of the whole process does not swallow it.
	fmt.Fprintf(os.Stderr, "chaos: -seed %d -chaos %v\n", seed, long)
	rig.Leaks(t)
	planned := plan(seed, long)
	t.Logf("-seed %d: %d kills, digest %s", seed, len(planned), digest(planned))
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("-seed %d, the last of %d kills:\n%s", seed, len(done), list(done[max(0, len(done)-50):]))
		}
	})
	x := newWorld(t, seed)
	x.live()
	done = x.carryOut(planned)
	x.quiesce()
	x.judge()
	x.summary(done)
	return done
}

// carryOut does what is planned, each at its time or as soon as the one before is done, until
// something is wrong. After every round the clock stands still until everything works again.
func (x *world) carryOut(planned []kill) (done []kill) {
	var late time.Duration
	x.began = time.Now()
	zero, clock := x.began, time.NewTimer(0)
	defer clock.Stop()
	for i, k := range planned {
		<-clock.C
		clock.Reset(time.Until(zero.Add(k.At)))
		<-clock.C
		late = max(late, time.Since(zero)-k.At)
		x.carry(k)
		done = append(done, k)
		if end := i == len(planned)-1; end || planned[i+1].At/round > k.At/round {
			struck := time.Now()
			x.awaitRecovery(struck)
			zero = zero.Add(time.Since(struck))
		}
		if x.T.Failed() {
			return done
		}
		clock.Reset(0)
	}
	x.T.Logf("%d kills in %v, at most %v late", len(done), time.Since(x.began).Round(time.Millisecond), late.Round(time.Millisecond))
	return done
}

// carry carries out one entry. It does not wait for what comes of it, except that a process ends.
func (x *world) carry(k kill) {
	v, r := x.sockets[k.Target], x.receivers[k.Target]
	switch k.What {
	case actorFails:
		x.calls.Go(func() { x.ask(v.pid, &socket.Fail{Err: errChaos, Kept: true}, false) })
	case nativeLost:
		x.calls.Go(func() { x.ask(v.pid, &socket.Fail{Err: errChaos}, false) })
	case hookPanics:
		v.hook.set.Add(1)
		x.calls.Go(func() { // a question makes sure that the actor has a turn
			ctx, cancel := context.WithTimeout(context.Background(), rig.Patience)
			defer cancel()
			if _, err := socket.Endpoints(ctx, x.Root, v.pid); err != nil {
				x.T.Errorf("%s: a question: %v", k.Target, err)
			}
		})
	case mailboxPanics:
		r.onPost.set.Add(1)
	case receiverPanics:
		r.onTake.set.Add(1)
	case receiverReplaced:
		x.calls.Go(r.replace)
	case pollActorPanics:
		x.Root.Send(x.threads[k.Target].PID(), &zmqthread.Crash{Reason: errChaos})
	case threadEnds:
		x.Root.Send(x.threads[k.Target].PID(), &zmqthread.Crash{Goexit: true})
	case peerKilled:
		x.peers[k.Target].kill()
		x.peers[k.Target].start()
	default:
		x.T.Errorf("nobody knows how to do this: %v", k)
	}
}

// A round is how long there are kills without a break. Enough is how long after the last of them
// everything must work: the backoff's cap, the pause before a connection is made again and a REQ's
// ReplyTimeout are a tenth of it; the rest is for a machine that has other things to do.
const (
	round  = 2 * time.Second
	enough = 5 * time.Second
)

// awaitRecovery waits until everything has answered, or let something through, that was sent after
// the last kill.
func (x *world) awaitRecovery(struck time.Time) {
	x.calm(struck)
	defer x.calm(time.Time{})
	for _, f := range x.flows {
		f.markNow()
		if f.to == nil {
			x.calls.Go(func() { x.awaitFar(f, struck) })
		}
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for all := len(x.askers) + len(x.flows); ; <-tick.C {
		back := x.recoveries()
		if len(back) == all {
			x.recovery = slices.AppendSeq(x.recovery, maps.Values(back))
			return
		}
		if time.Since(struck) > enough {
			x.T.Errorf("%v after the last kill these do not work: %v", enough, x.missing(back))
			return
		}
	}
}

// calm begins or, with no time, ends what recovered notes.
func (x *world) calm(struck time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.struck, x.back = struck, map[string]time.Duration{}
}

// recovered notes the first answer to what was sent after the last kill.
func (x *world) recovered(name string, sent time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if _, ok := x.back[name]; !ok && !x.struck.IsZero() && sent.After(x.struck) {
		x.back[name] = time.Since(x.struck)
	}
}

func (x *world) recoveries() map[string]time.Duration {
	x.mu.Lock()
	defer x.mu.Unlock()
	return maps.Clone(x.back)
}

func (x *world) missing(back map[string]time.Duration) (names []string) {
	for _, a := range x.askers {
		if _, ok := back[a.name]; !ok {
			names = append(names, a.name+"\n"+x.sockets[a.name].story()+"\n")
		}
	}
	for _, f := range x.flows {
		if _, ok := back[f.name]; !ok {
			names = append(names, f.name+"\n"+x.sockets[f.name].story()+"\n")
		}
	}
	return names
}

// awaitFar asks the receiving process for a number that was sent after the last kill.
func (x *world) awaitFar(f *flow, struck time.Time) {
	wire := f.name[:3]
	n := f.sent.Load() + 8
	for time.Since(struck) < enough {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		m := messages.Bytes([]byte("seen"), binary.BigEndian.AppendUint64(nil, n))
		reply, err := messages.Ask(ctx, x.Root, x.sockets[wire+" far sure"].pid, m)
		cancel()
		if err == nil && reply.Text() == "true" {
			x.recovered(f.name, time.Now())
			return
		}
		if n+8 < f.sent.Load() {
			n = f.sent.Load() // the one before may have been lost
		}
	}
}

// judge looks at everything once nothing is under way.
func (x *world) judge() {
	if x.T.Failed() {
		return
	}
	for _, f := range x.flows {
		f.judge()
	}
	for name, v := range x.sockets {
		rig.Until(x.T, name+"'s hook has panicked as often as it should", v.hook.idle)
	}
	for _, a := range x.askers {
		if a.mu.Lock(); a.gap > rig.Patience || a.ended["answered"] == 0 {
			x.T.Errorf("%s had no answer for %v: %v", a.name, a.gap, a.ended)
		}
		a.mu.Unlock()
	}
}

func (x *world) summary(done []kill) {
	kinds, asks := map[string]int{}, map[string]int{}
	for _, k := range done {
		kinds[string(k.What)]++
	}
	var b strings.Builder
	for _, a := range x.askers {
		fmt.Fprintln(&b, a)
		for how, n := range a.ended {
			asks[how] += n
		}
	}
	var crossed, received uint64
	for _, f := range x.flows {
		crossed += f.sent.Load()
		if f.to != nil {
			received += x.Counts(f.to).Received
		}
	}
	slices.Sort(x.recovery)
	n := len(x.recovery)
	x.T.Logf("works again after a round of kills, %d sockets or flows: p50 %v, p99 %v, the last %v", n, x.recovery[n/2], x.recovery[n*99/100], x.recovery[n-1])
	x.T.Logf("kills: %v\n%sAsks: %v\nmessages: %d sent in flows from here, %d received\n", kinds, &b, asks, crossed, received)
}
