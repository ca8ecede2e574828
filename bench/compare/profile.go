package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"sync"
	"time"

	"github.com/sockeye-mq/sockeye/bench/internal/measure"
)

// profile is a CPU profile of one measurement, until its figures are known. nil: none.
type profile struct {
	file     string // without extension
	messages int
	out      bytes.Buffer
	before   time.Duration
	once     sync.Once
	err      error
}

// startProfile begins a profile in a directory, if there is one.
func startProfile(dir, scenario string, j *job) (*profile, error) {
	if dir == "" {
		return nil, nil
	}
	name := strings.ReplaceAll(scenario+"_"+j.subject+"_"+j.role, " ", "-")
	p := &profile{file: filepath.Join(dir, name), messages: j.n, before: measure.IOThreads()}
	return p, pprof.StartCPUProfile(&p.out)
}

// end writes it, once. libzmq's I/O threads are not in it: what they took stands beside it.
func (p *profile) end() error {
	if p == nil {
		return nil
	}
	p.once.Do(func() {
		pprof.StopCPUProfile()
		aside, _ := json.Marshal(measure.Profiled{Messages: p.messages, IOThreads: measure.IOThreads() - p.before})
		if p.err = os.WriteFile(p.file+".json", aside, 0o644); p.err == nil {
			p.err = os.WriteFile(p.file+".pprof", p.out.Bytes(), 0o644)
		}
	})
	return p.err
}
