//go:build !linux

package peer

import "syscall"

func mortal(a *syscall.SysProcAttr) *syscall.SysProcAttr { return a }
