package main

import (
	"errors"
	"runtime/debug"

	"github.com/sockeye-mq/sockeye/bench/internal/measure"
)

// hold measures what idle sockets cost.
func hold(j *job) error {
	c, err := j.crowd()
	if err != nil {
		return err
	}
	before := settled()
	if err := c.addIdle(j.many); err != nil {
		return err
	}
	v := values{"OS threads": float64(measure.Threads()), "resident per socket": float64(settled()-before) / float64(j.many)}
	if err := c.close(); err != nil {
		return err
	}
	return j.report(v)
}

// holdPairs measures what connected pairs cost.
func holdPairs(j *job) error {
	c, err := j.crowd()
	if err != nil {
		return err
	}
	before := settled()
	if err := errors.Join(c.addPairs(j.many, j.transport), c.passAll(0)); err != nil {
		return err
	}
	v := values{"resident per pair": float64(settled()-before) / float64(j.many)}
	if err := c.close(); err != nil {
		return err
	}
	return j.report(v)
}

// settled is the resident memory when garbage is gone.
func settled() int64 {
	debug.FreeOSMemory()
	debug.FreeOSMemory() // what the first has finalized
	return measure.Resident()
}
