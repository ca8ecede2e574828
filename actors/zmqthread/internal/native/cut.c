//go:build unix

#include "cut.h"

#include <stdint.h>
#include <unistd.h>
#include <sys/socket.h>
#ifdef __linux__
#include <linux/filter.h>
#endif

// sk_cookie is the kernel's name for the socket behind fd, which it gives to no other; 0 where there
// is none.
uint64_t sk_cookie(int fd)
{
#ifdef SO_COOKIE
	uint64_t cookie = 0;
	socklen_t n = sizeof cookie;
	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &n) == 0)
		return cookie;
#endif
	(void) fd;
	return 0;
}

// sk_hold returns a duplicate of fd if fd is still the connection that has this cookie, or -1. Nobody
// else can close the duplicate.
int sk_hold(int fd, uint64_t cookie)
{
	int mine = dup(fd);
	if (mine >= 0 && (cookie == 0 || sk_cookie(mine) != cookie)) {
		close(mine);
		return -1;
	}
	return mine;
}

// sk_cut shuts the connection down.
int sk_cut(int fd, uint64_t cookie)
{
	int mine = sk_hold(fd, cookie);
	if (mine < 0)
		return 0;
	int cut = shutdown(mine, SHUT_RDWR) == 0;
	close(mine);
	return cut;
}

// sk_deafen has the kernel drop whatever comes over the TCP connection, its end included, and returns
// the duplicate through which that is undone, or -1.
int sk_deafen(int fd, uint64_t cookie)
{
#ifdef SO_ATTACH_FILTER
	struct sock_filter drop[] = {{BPF_RET | BPF_K, 0, 0, 0}};
	struct sock_fprog filter = {1, drop};
	int mine = sk_hold(fd, cookie);
	if (mine < 0)
		return -1;
	if (setsockopt(mine, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0)
		return mine;
	close(mine);
#endif
	(void) fd;
	(void) cookie;
	return -1;
}

// sk_hear undoes sk_deafen. If libzmq has closed its own descriptor, this ends the connection.
void sk_hear(int mine)
{
#ifdef SO_DETACH_FILTER
	int unused = 0;
	setsockopt(mine, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
#endif
	close(mine);
}
