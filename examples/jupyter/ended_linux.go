package main

import "golang.org/x/sys/unix"

// hasEnded waits until a child has ended and leaves it there to be waited for, so that its number, and
// that of its process group, stay its own.
func hasEnded(pid int) bool {
	for {
		if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != unix.EINTR {
			return err == nil
		}
	}
}
