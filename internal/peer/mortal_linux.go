package peer

import "syscall"

// mortal has the system kill the process when this one is gone, however it went: a test that runs into
// its time limit cleans nothing up.
func mortal(a *syscall.SysProcAttr) *syscall.SysProcAttr {
	a.Pdeathsig = syscall.SIGKILL
	return a
}
