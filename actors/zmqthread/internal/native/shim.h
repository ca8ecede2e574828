// Many messages for one call into C. See shim.go for what the functions promise.
#ifndef SOCKEYE_SHIM_H
#define SOCKEYE_SHIM_H

#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

// The oldest libzmq. In older ones a peer's message can end the process of an XPUB (xpub.cpp of 4.3.2 writes through a
// null pointer), and before 4.3 nobody can know that a peer is there. docs/versions.md has all reasons.
#define SK_OLDEST_MAJOR 4
#define SK_OLDEST_MINOR 3
#define SK_OLDEST_PATCH 3

#if ZMQ_VERSION < ZMQ_MAKE_VERSION(SK_OLDEST_MAJOR, SK_OLDEST_MINOR, SK_OLDEST_PATCH)
#error "Sockeye needs libzmq 4.3.3 or newer, and this zmq.h is of an older one: see docs/versions.md."
#endif

#define SK_MORE 0x80000000u // in a length: another frame of the same message follows

typedef struct {
    int messages, frames; // that libzmq took, whole messages only
    int64_t bytes;        // of those frames
    int err;              // 0, or why it stopped
} sk_sent;

// A frame that libzmq sends from the sender's own memory; see pin.go.
typedef struct sk_pin {
    struct sk_pin *next;
} sk_pin;

typedef struct {
    int messages, frames;             // whole messages in the buffers, and their frames
    int64_t bytes;                    // of those frames
    int partial_frames;               // frames in the buffers, those of an unfinished message included
    int64_t partial_bytes;            // likewise
    int64_t need;                     // > 0: the frame in msg does not fit; make room for so many bytes
    int holds;                        // msg holds a frame that is not in the buffers yet
    int skipping;                     // the rest of a message that is too large is being skipped
    int skipped;                      // messages that were too large
    int large;                        // the message of the frame in msg is for sk_large_recv
    int err;                          // 0, or why it stopped
} sk_got;

// The frames of one large message, as libzmq keeps them; see large.go.
typedef struct {
    zmq_msg_t *msgs;
    int n, cap;
    int64_t bytes;
    int skip; // the message is too large
    int at;                           // the frame to be copied next,
    size_t offset;                    // and from where
} sk_large;

void sk_send(void *socket, const char *data, const uint32_t *lens, int frames, int max, int64_t max_bytes, sk_sent *out);
int sk_send_frame(void *socket, const char *data, size_t len, int more);
int sk_build(zmq_msg_t *msgs, int i, const char *data, size_t len);
int sk_build_pinned(zmq_msg_t *msgs, int i, char *data, size_t len, sk_pin *pin);
sk_pin *sk_take_freed(void);
void sk_send_built(void *socket, zmq_msg_t *msgs, int n, sk_sent *out);
void sk_close_all(zmq_msg_t *msgs, int n);
void sk_recv(void *socket, zmq_msg_t *msg, char *data, int64_t data_cap, uint32_t *lens, int lens_cap,
             int max, int64_t max_bytes, int64_t max_message, int64_t max_copy, sk_got *io);
int sk_large_recv(void *socket, zmq_msg_t *msg, int64_t before, int64_t max_message, sk_large *l, sk_got *io);
// sk_large_piece returns the next bytes of one frame, most at most, and how many; NULL at the end.
const char *sk_large_piece(sk_large *l, size_t most, size_t *len);
void sk_large_lens(const sk_large *l, uint32_t *lens);
int sk_large_first(const sk_large *l);
void sk_large_free(sk_large *l);
int sk_getint(void *socket, int option, int *value);
int sk_poll_fd(int fd, long timeout_ms);
void sk_keep_memory(size_t bytes);

#endif
