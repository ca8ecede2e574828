//go:build unix

package native

/*
#include "cut.h"
*/
import "C"

// Connection is a connection of libzmq's that can be ended from outside: its descriptor, and what tells
// it from whatever gets that descriptor next.
type Connection struct {
	fd     int
	cookie uint64
	tcp    bool
}

// connectionOf is the connection behind fd as it is now.
func connectionOf(fd int, tcp bool) Connection {
	return Connection{fd, uint64(C.sk_cookie(C.int(fd))), tcp}
}

// Cut shuts the connection down, as if the peer had: libzmq finds out by itself. It does nothing if the
// connection has ended, or where the system cannot tell (anywhere but on Linux). From any goroutine.
func (c Connection) Cut() bool {
	return c.cookie != 0 && C.sk_cut(C.int(c.fd), C.uint64_t(c.cookie)) != 0
}

// Deafen keeps libzmq from finding out that the peer has ended a TCP connection, until hear is called.
// Where that cannot be done hear is nil. From any goroutine.
func (c Connection) Deafen() (hear func()) {
	if c.cookie == 0 || !c.tcp {
		return nil
	}
	held := C.sk_deafen(C.int(c.fd), C.uint64_t(c.cookie))
	if held < 0 {
		return nil
	}
	return func() { C.sk_hear(held) }
}
