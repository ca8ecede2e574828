package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// ticks is how many clock ticks of /proc/<pid>/stat a second has: USER_HZ, proc(5).
const ticks = 100

// usage is what the server has used.
type usage struct {
	cpu      float64 // seconds
	resident int64   // bytes: VmRSS, with garbage and with what it has mapped of its database
	database int64   // bytes of the file
}

// usage reads what the process has used up to now.
func (e *etcd) usage(ctx context.Context, client *clientv3.Client) (u usage, err error) {
	if u, err = e.used(); err != nil {
		return u, err
	}
	got, err := client.Status(ctx, e.address)
	if err != nil {
		return u, err
	}
	u.database = got.DbSize
	return u, nil
}

// used is usage without the database.
func (e *etcd) used() (u usage, err error) {
	proc := fmt.Sprintf("/proc/%d/", e.process.Process.Pid)
	stat, err := os.ReadFile(proc + "stat")
	if err != nil {
		return u, err
	}
	if u.cpu, err = cpuOf(string(stat)); err != nil {
		return u, err
	}
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		return u, err
	}
	u.resident, err = residentOf(string(status))
	return u, err
}

// cpuOf reads user and system time, the fields 14 and 15, after the name in parentheses, which may contain anything.
func cpuOf(stat string) (seconds float64, err error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("stat %q has no times", stat)
	}
	var user, system float64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		return 0, err
	}
	return (user + system) / ticks, nil
}

func residentOf(status string) (bytes int64, err error) {
	for line := range strings.Lines(status) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			_, err = fmt.Sscan(rest, &bytes)
			return bytes << 10, err
		}
	}
	return 0, fmt.Errorf("no VmRSS in %d bytes of status", len(status))
}
