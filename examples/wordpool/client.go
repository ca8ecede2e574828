package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sockeye-mq/sockeye/messages"
)

// client has the pool count requests, several at a time, and adds up the replies.
type client struct {
	ctx      context.Context
	pool     *pool
	answered func(counts)
	slots    chan struct{} // one for each request that is under way
	asking   sync.WaitGroup

	mu      sync.Mutex
	total   counts // guarded by mu
	retried int    // guarded by mu
	lost    int    // guarded by mu
}

func newClient(ctx context.Context, p *pool, parallel int, answered func(counts)) *client {
	return &client{ctx: ctx, pool: p, answered: answered, slots: make(chan struct{}, parallel)}
}

// submit has r counted. It waits while too many requests are under way.
func (c *client) submit(r *request) {
	c.slots <- struct{}{}
	c.asking.Go(func() {
		defer func() { <-c.slots }()
		c.count(r)
	})
}

// wait returns when nothing is under way any more; then the fields need no lock.
func (c *client) wait() { c.asking.Wait() }

// A request that was with a worker when it was killed is lost. Nobody can know: perhaps the reply
// is only late. So the client waits for patience, twice as long each time, and asks again; a reply
// that comes after all matches nothing and is dropped. That is safe because counting twice changes
// nothing.
const (
	patience = 500 * time.Millisecond
	attempts = 8
)

// count asks until there is an answer.
func (c *client) count(r *request) {
	for try := range attempts {
		sum, err := c.ask(r, patience<<try)
		if err == nil {
			c.book(r.total(sum))
			return
		}
		if c.ctx.Err() != nil || errors.Is(err, messages.ErrStopped) {
			break // interrupted; or the DEALER itself is gone, and nobody left to ask
		}
		c.mu.Lock()
		c.retried++
		c.mu.Unlock()
	}
	c.mu.Lock()
	c.lost++
	c.mu.Unlock()
}

// ask asks once. Whichever worker is next will answer: many requests are under way on one DEALER,
// and messages.Ask tells their replies apart.
func (c *client) ask(r *request, patience time.Duration) (counts, error) {
	ctx, cancel := context.WithTimeout(c.ctx, patience)
	defer cancel()
	reply, err := messages.Ask(ctx, c.pool.system.Root, c.pool.dealer, messages.Bytes(r.frames...))
	if err != nil {
		return counts{}, err
	}
	sum, err := parse(reply)
	if err == nil && sum.bytes != r.size {
		err = errMixed
	}
	return sum, err
}

// errMixed: a worker counted something else than it was asked to. When one of three or more peers
// goes away while a message is being sent to another, libzmq can put the beginning of that message
// in front of the next (lb.cpp, pipe_terminated; 4.3.4 and later). Only the ends can tell.
var errMixed = errors.New("the reply is to something else")

func (c *client) book(sum counts) {
	c.mu.Lock()
	c.total.add(sum)
	c.mu.Unlock()
	c.answered(sum)
}
