package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far the pool has got: a bar on a terminal, a line for every tenth elsewhere.
type progress struct {
	out      io.Writer
	terminal bool
	restarts func() int64 // so far

	mu   sync.Mutex
	size int64                    // guarded by mu: of all files
	done counts                   // guarded by mu
	bar  *progressbar.ProgressBar // guarded by mu: nil elsewhere
}

func newProgress(out io.Writer, terminal bool) *progress {
	return &progress{out: out, terminal: terminal}
}

func (p *progress) start(files []file, restarts func() int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.restarts = restarts
	for _, f := range files {
		p.size += f.size
	}
	p.size = max(p.size, 1) // even if all are empty
	if p.terminal {
		p.bar = progressbar.NewOptions64(p.size,
			progressbar.OptionSetWriter(p.out),
			progressbar.OptionSetDescription("counting"),
			progressbar.OptionShowBytes(true),
			progressbar.OptionFullWidth(),
			progressbar.OptionThrottle(50*time.Millisecond),
			progressbar.OptionSetRenderBlankState(true))
	}
}

// add is told what a request counted for.
func (p *progress) add(c counts) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.tenths()
	p.done.add(c)
	switch now := p.tenths(); {
	case p.bar != nil:
		p.bar.Describe(fmt.Sprintf("%d files, %d restarts", p.done.files, p.restarts()))
		p.bar.Add64(c.bytes)
	case now > before:
		fmt.Fprintf(p.out, "%3d %%: %d files, %d MB, %d restarts\n", 10*now, p.done.files, p.done.bytes/1e6, p.restarts())
	}
}

// tenths is how many are done. Caller holds mu.
func (p *progress) tenths() int64 { return 10 * p.done.bytes / p.size }

// warn tells people what the totals lack.
func (p *progress) warn(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar == nil {
		fmt.Fprintln(p.out, "wordpool:", err)
	} else {
		progressbar.Bprintln(p.bar, "wordpool:", err)
	}
}

// stop leaves the bar as it is.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.Exit()
		fmt.Fprintln(p.out)
		p.bar = nil
	}
}
