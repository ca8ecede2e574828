package zmqthread

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"

	"github.com/asynkron/protoactor-go/actor"
)

// Lanes are several threads that share one ZeroMQ context, so that a small message on one does not
// stand in line behind gigabytes on another, and all of their sockets reach one another over inproc. A socket stays
// on the thread that it was spawned on.
//
// Go runs no more threads at once than GOMAXPROCS, and a ZeroMQ thread is one of them whenever it
// leaves a native call. Where every core is busy and a small message must not wait for a turn, set it
// to the number of cores and lanes together.
type Lanes struct{ threads []*Thread } // immutable after StartLanes

// StartLanes starts n threads. cfg.Name becomes the beginning of their names. cfg.IOThreads is that of
// all of them together, by default n: each lane's sockets then have an I/O thread of libzmq's to
// themselves (ZMQ_AFFINITY, see zmq_setsockopt), unless they say otherwise.
func StartLanes(system *actor.ActorSystem, n int, cfg Config) (*Lanes, error) {
	if n < 1 {
		return nil, fmt.Errorf("zmqthread: %d lanes: %w", n, ErrConfig)
	}
	l := &Lanes{}
	name := cfg.Name
	if cfg.Share == nil {
		def(&cfg.IOThreads, n)
	}
	io := min(cfg.IOThreads, 64)
	for i := range n {
		if io > 0 {
			cfg.affinity = 1 << (i % io)
		}
		if name != "" {
			cfg.Name = fmt.Sprint(name, "-", i)
		}
		t, err := Start(system, cfg)
		if err != nil {
			return nil, errors.Join(err, l.Shutdown(context.Background()))
		}
		l.threads = append(l.threads, t)
		cfg.Share, cfg.IOThreads, cfg.MaxSockets = l.threads[0], 0, 0
	}
	return l, nil
}

// Threads are the lanes themselves.
func (l *Lanes) Threads() []*Thread { return l.threads }

// Named is the lane for a name: always the same one.
func (l *Lanes) Named(name string) *Thread {
	h := fnv.New32a()
	h.Write([]byte(name))
	return l.threads[h.Sum32()%uint32(len(l.threads))]
}

// Least is the lane with the fewest sockets at the moment.
func (l *Lanes) Least() *Thread {
	best := l.threads[0]
	for _, t := range l.threads[1:] {
		if t.Sockets() < best.Sockets() {
			best = t
		}
	}
	return best
}

// Shutdown shuts all of them down at once; see Thread.Shutdown.
func (l *Lanes) Shutdown(ctx context.Context) error {
	errs := make(chan error)
	for _, t := range l.threads {
		go func() { errs <- t.Shutdown(ctx) }()
	}
	var all []error
	for range l.threads {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}
