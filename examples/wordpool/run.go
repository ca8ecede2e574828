package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// run counts with the pool, then in a loop, and prints what came out.
func run(ctx context.Context, cfg config, out io.Writer, p *progress) error {
	dir, err := directory(ctx, cfg.dir)
	if err != nil {
		return err
	}
	files, err := list(ctx, dir, p.warn)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d files below %s, %d workers, seed %d\n", len(files), dir, cfg.workers, cfg.seed)

	var r result
	began := time.Now()
	if err := r.byPool(ctx, cfg, files, p); err != nil {
		return err
	}
	r.poolTook, began = time.Since(began), time.Now()
	if r.loop, err = countInLoop(ctx, files); err != nil {
		return err
	}
	r.loopTook = time.Since(began)
	return r.report(out)
}

// byPool has the pool count files, and workers and sockets killed meanwhile.
func (r *result) byPool(ctx context.Context, cfg config, files []file, p *progress) (err error) {
	pool, err := startPool(ctx, cfg.workers)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.stop()) }()
	p.start(files, pool.restarts.Load)
	defer p.stop()

	c := newClient(ctx, pool, 4*cfg.workers, p.add)
	dice := rand.New(rand.NewPCG(cfg.seed, 0))
	for request := range requests(files, p.warn) {
		if ctx.Err() != nil {
			break
		}
		if dice.Float64() < cfg.kills {
			pool.fuses[dice.IntN(len(pool.fuses))].light()
		}
		c.submit(request)
	}
	c.wait()
	r.pool, r.retried, r.lost, r.restarts = c.total, c.retried, c.lost, pool.restarts.Load()
	return context.Cause(ctx)
}
