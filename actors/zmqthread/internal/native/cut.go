package native

/*
#include "cut.h"
*/
import "C"

// Connection is a connection of libzmq's that can be cut from outside: its descriptor, and what tells
// it from whatever gets that descriptor next.
type Connection struct {
	fd     int
	cookie uint64
}

// ConnectionOf is the connection behind fd as it is now.
func ConnectionOf(fd int) Connection { return Connection{fd, uint64(C.sk_cookie(C.int(fd)))} }

// Cut shuts the connection down, as if the peer had: libzmq finds out by itself. It does nothing if the
// connection has ended, or where the system cannot tell (anywhere but on Linux). From any goroutine.
func (c Connection) Cut() bool {
	return c.cookie != 0 && C.sk_cut(C.int(c.fd), C.uint64_t(c.cookie)) != 0
}
