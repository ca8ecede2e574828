#include "cut.h"

#include <stdint.h>
#include <unistd.h>
#include <sys/socket.h>

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

// sk_cut shuts the connection down if fd is still the one that has this cookie. The check is made on a
// duplicate, which nobody else can close in between.
int sk_cut(int fd, uint64_t cookie)
{
	int cut = 0, mine = dup(fd);
	if (mine < 0)
		return 0;
	if (cookie != 0 && sk_cookie(mine) == cookie)
		cut = shutdown(mine, SHUT_RDWR) == 0;
	close(mine);
	return cut;
}
