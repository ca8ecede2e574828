package main

import (
	"time"

	"github.com/sockeye-mq/sockeye/bench/internal/measure"
)

// memory is what was seen of the process's resident memory.
type memory struct {
	first, least, most int64
	samples            int
	course             []int64 // every 5 s
}

func (m *memory) moved() int64 { return m.most - m.least }

// watch looks every 100 ms until the channel is closed. What it saw arrives on the channel that it
// returns.
func watch(until <-chan struct{}) <-chan memory {
	seen := make(chan memory, 1)
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		now := measure.Resident()
		m := memory{first: now, least: now, most: now, samples: 1, course: []int64{now}}
		for {
			select {
			case <-until:
				seen <- m
				return
			case <-tick.C:
				now = measure.Resident()
				m.least, m.most = min(m.least, now), max(m.most, now)
				if m.samples++; m.samples%50 == 0 {
					m.course = append(m.course, now)
				}
			}
		}
	}()
	return seen
}
