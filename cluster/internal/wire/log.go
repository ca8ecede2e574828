package wire

import (
	"log/slog"
	"sync"
	"time"
)

// complaints are what has been logged lately.
type complaints struct {
	mu   sync.Mutex
	last map[complaint]*time.Time // guarded by mu
	hid  map[complaint]uint64     // guarded by mu: since then
}

type complaint struct{ who, what string }

const (
	complainEvery  = 10 * time.Second
	mostComplaints = 1024
)

func (w *Wire) log() *slog.Logger {
	if w.cfg.Logger != nil {
		return w.cfg.Logger
	}
	return w.system.Logger()
}

// complain logs what is wrong with a peer ("": with a stranger), once for each of them and what it is in ten
// seconds: peers could fill the log otherwise.
func (w *Wire) complain(who, what string, err error) {
	x, k, now := &w.complaints, complaint{who, what}, time.Now()
	x.mu.Lock()
	if last := x.last[k]; last != nil && now.Sub(*last) < complainEvery {
		x.hid[k]++
		x.mu.Unlock()
		return
	}
	if len(x.last) >= mostComplaints || x.last == nil {
		x.last, x.hid = map[complaint]*time.Time{}, map[complaint]uint64{}
	}
	hidden := x.hid[k]
	x.last[k], x.hid[k] = &now, 0
	x.mu.Unlock()
	w.log().Warn("sockeye: wire: "+what, "wire", w.address, "peer", who, "error", err, "and so since the last time", hidden)
}
