package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// awaitListener waits until a process listens on a port of 127.0.0.1 and says where. Programs that
// bind a wildcard and do not tell which port they got are found out this way; Linux only.
func awaitListener(pid int, patience time.Duration) (string, error) {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		port, err := listener(pid)
		if err != nil {
			return "", err
		}
		if port > 0 {
			return fmt.Sprintf("tcp://127.0.0.1:%d", port), nil
		}
	}
	return "", fmt.Errorf("process %d does not listen", pid)
}

// listener is the port, or 0 if there is none yet.
func listener(pid int) (int, error) {
	dir := fmt.Sprintf("/proc/%d/", pid)
	table, err := os.ReadFile(dir + "net/tcp")
	if err != nil {
		return 0, fmt.Errorf("which port did it get? %w", err)
	}
	open := sockets(dir + "fd")
	for row := range strings.Lines(string(table)) {
		f := strings.Fields(row) // number, local address, remote address, state, …, the inode is the tenth
		if len(f) < 10 || f[3] != "0A" || !slices.Contains(open, "socket:["+f[9]+"]") {
			continue
		}
		if port, ok := localPort(f[1]); ok {
			return port, nil
		}
	}
	return 0, nil
}

// sockets are the targets of a process's file descriptors.
func sockets(dir string) (all []string) {
	fds, _ := filepath.Glob(dir + "/*")
	for _, fd := range fds {
		if target, err := os.Readlink(fd); err == nil {
			all = append(all, target)
		}
	}
	return all
}

// localPort reads "0100007F:1F90".
func localPort(s string) (int, bool) {
	address, port, _ := strings.Cut(s, ":")
	if a, err := hex.DecodeString(address); err != nil || len(a) != 4 || (a[0] != 127 && a[3] != 127) {
		return 0, false
	}
	n, err := strconv.ParseUint(port, 16, 16)
	return int(n), err == nil
}
