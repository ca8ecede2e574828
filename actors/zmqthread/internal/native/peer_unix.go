//go:build unix

package native

import (
	"net"
	"strconv"
	"strings"
	"syscall"
)

// Met looks at the connection fd that a monitor has told of: the address at its other side, "" for ipc,
// and what it takes to cut it. libzmq may have closed the descriptor by now, and the system given it
// to somebody else; so its addresses must be endpoint's.
func Met(fd int, endpoint string, accepted bool) (peer string, c Connection, ok bool) {
	here, err1 := syscall.Getsockname(fd)
	there, err2 := syscall.Getpeername(fd)
	if err1 != nil || err2 != nil {
		return "", Connection{}, false
	}
	named := there
	if accepted {
		named = here
	}
	if path, ipc := strings.CutPrefix(endpoint, "ipc://"); ipc {
		at, unix := named.(*syscall.SockaddrUnix)
		return "", connectionOf(fd, false), unix && at.Name == path
	}
	_, port, isTCP := hostPort(endpoint)
	_, at, ok1 := addressOf(named)
	host, from, ok2 := addressOf(there)
	if !isTCP || !ok1 || !ok2 || at != port {
		return "", Connection{}, false
	}
	return "tcp://" + net.JoinHostPort(host, strconv.Itoa(from)), connectionOf(fd, true), true
}

func hostPort(endpoint string) (host string, port int, ok bool) {
	rest, ok := strings.CutPrefix(endpoint, "tcp://")
	if !ok {
		return "", 0, false
	}
	if i := strings.LastIndexByte(rest, ';'); i >= 0 { // tcp://source;destination
		rest = rest[i+1:]
	}
	host, text, err := net.SplitHostPort(rest)
	port, err2 := strconv.Atoi(text)
	return host, port, err == nil && err2 == nil
}

func addressOf(a syscall.Sockaddr) (host string, port int, ok bool) {
	switch a := a.(type) {
	case *syscall.SockaddrInet4:
		return net.IP(a.Addr[:]).String(), a.Port, true
	case *syscall.SockaddrInet6:
		return net.IP(a.Addr[:]).String(), a.Port, true
	}
	return "", 0, false
}
