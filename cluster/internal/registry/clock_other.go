//go:build !linux

package registry

import "time"

// boottime is the monotonic clock where there is none that goes on during a suspension.
func boottime() int64 { return int64(time.Since(origin)) }
