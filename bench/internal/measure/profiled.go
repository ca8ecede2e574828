package measure

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Profiled stands beside a CPU profile: how many messages it is about, and what libzmq's I/O threads
// took meanwhile, which Go's profiler does not see.
type Profiled struct {
	Messages  int
	IOThreads time.Duration
}

// tick is the unit of /proc/…/stat, USER_HZ, which Linux keeps at this for programs.
const tick = 10 * time.Millisecond

// IOThreads is the CPU time of libzmq's I/O threads in this process; 0 where the system does not say.
func IOThreads() (took time.Duration) {
	stats, _ := filepath.Glob("/proc/self/task/*/stat")
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		_, name, _ := strings.Cut(string(text), "(")
		name, rest, _ := strings.Cut(name, ") ")
		fields := strings.Fields(rest) // from the third on; utime is the 14th, stime the 15th
		if !strings.HasPrefix(name, "ZMQbg/IO") || len(fields) < 13 {
			continue
		}
		var user, system int64
		fmt.Sscan(fields[11]+" "+fields[12], &user, &system)
		took += time.Duration(user+system) * tick
	}
	return took
}
