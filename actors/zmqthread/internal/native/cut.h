#ifndef SOCKEYE_CUT_H
#define SOCKEYE_CUT_H

#include <stdint.h>

uint64_t sk_cookie(int fd);
int sk_cut(int fd, uint64_t cookie);
int sk_deafen(int fd, uint64_t cookie);
void sk_hear(int mine);

#endif
