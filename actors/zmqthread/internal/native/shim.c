#include "shim.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

int sk_send_frame(void *socket, const char *data, size_t len, int more)
{
    int flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0);
    int rc;
    do
        rc = zmq_send(socket, data, len, flags);
    while (rc < 0 && zmq_errno() == EINTR);
    return rc < 0 ? zmq_errno() : 0;
}

// A message that broke off at frame i: its peer is gone. libzmq now discards everything up to the
// next frame without SNDMORE, so it gets the rest of this message, or it would swallow the next one.
static void discard_rest(void *socket, const char *data, const uint32_t *lens, int frames, int i)
{
    for (; i < frames; i++) {
        size_t len = lens[i] & ~SK_MORE;
        int more = (lens[i] & SK_MORE) != 0;
        sk_send_frame(socket, data, len, more);
        if (!more)
            return;
        data += len;
    }
}

// A send may process libzmq's pending commands between two frames of a message. When one of them
// ends a pipe, lb.cpp (4.3.4: pipe_terminated) can go on with the wrong pipe: the rest of the message
// goes to a stranger, and its head to whoever is next. So let it process them all before the first
// frame, and have the others follow within the millisecond for which it then looks at none.
static void process_commands(void *socket)
{
    int events;
    sk_getint(socket, ZMQ_EVENTS, &events);
}

void sk_send(void *socket, const char *data, const uint32_t *lens, int frames, int max, int64_t max_bytes, sk_sent *out)
{
    const char *at = data;
    int inside = 0; // between the first and the last frame of a message
    memset(out, 0, sizeof *out);
    for (int i = 0; i < frames && out->messages < max && out->bytes < max_bytes; i++) {
        size_t len = lens[i] & ~SK_MORE;
        int more = (lens[i] & SK_MORE) != 0;
        if (more && !inside)
            process_commands(socket);
        out->err = sk_send_frame(socket, at, len, more);
        if (out->err == EAGAIN && !inside) {
            process_commands(socket); // room that has appeared is not seen before (facts Z15)
            out->err = sk_send_frame(socket, at, len, more);
        }
        if (out->err != 0) {
            if (inside && more && out->err == EAGAIN)
                discard_rest(socket, at + len, lens, frames, i + 1);
            return;
        }
        at += len;
        inside = more;
        if (!more) {
            out->messages++;
            out->frames = i + 1;
            out->bytes = at - data;
        }
    }
}

// What libzmq has freed, the last first, until Go takes all of it (sk_take_freed). Nothing is ever taken
// from the middle, so a push needs no more than a compare-and-swap.
static _Atomic(sk_pin *) freed;

// libzmq calls this from any of its threads, or from ours. It must not call Go: the thread has no goroutine,
// and to give it one takes a lock and time that an I/O thread does not have.
static void push_freed(void *data, void *hint)
{
    sk_pin *pin = hint;
    (void) data;
    pin->next = atomic_load_explicit(&freed, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&freed, &pin->next, pin, memory_order_release, memory_order_relaxed))
        ;
}

sk_pin *sk_take_freed(void)
{
    if (atomic_load_explicit(&freed, memory_order_relaxed) == NULL)
        return NULL;
    return atomic_exchange_explicit(&freed, NULL, memory_order_acquire);
}

// A large message is built before it is sent. A large frame is sent from where it is.
int sk_build_pinned(zmq_msg_t *msgs, int i, char *data, size_t len, sk_pin *pin)
{
    return zmq_msg_init_data(&msgs[i], data, len, push_freed, pin) < 0 ? zmq_errno() : 0;
}

// A small frame is copied.
int sk_build(zmq_msg_t *msgs, int i, const char *data, size_t len)
{
    if (zmq_msg_init_size(&msgs[i], len) < 0)
        return zmq_errno();
    if (len > 0)
        memcpy(zmq_msg_data(&msgs[i]), data, len);
    return 0;
}

static int send_built(void *socket, zmq_msg_t *msg, int more)
{
    int flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0);
    int rc;
    do
        rc = zmq_msg_send(msg, socket, flags);
    while (rc < 0 && zmq_errno() == EINTR);
    return rc < 0 ? zmq_errno() : 0;
}

void sk_send_built(void *socket, zmq_msg_t *msgs, int n, sk_sent *out)
{
    int64_t bytes = 0;
    memset(out, 0, sizeof *out);
    process_commands(socket);
    for (int i = 0; i < n; i++) {
        int64_t len = (int64_t) zmq_msg_size(&msgs[i]);
        out->err = send_built(socket, &msgs[i], i < n - 1);
        if (out->err != 0) {
            if (i > 0 && i < n - 1 && out->err == EAGAIN)
                while (++i < n)
                    send_built(socket, &msgs[i], i < n - 1); // as discard_rest
            return;
        }
        bytes += len;
    }
    out->messages = 1;
    out->frames = n;
    out->bytes = bytes;
}

void sk_close_all(zmq_msg_t *msgs, int n)
{
    for (int i = 0; i < n; i++)
        zmq_msg_close(&msgs[i]);
}

static int fetch_frame(void *socket, zmq_msg_t *msg)
{
    int rc;
    do
        rc = zmq_msg_recv(msg, socket, ZMQ_DONTWAIT);
    while (rc < 0 && zmq_errno() == EINTR);
    return rc < 0 ? zmq_errno() : 0;
}

// A message that is too large to be copied here stays as it is: its frames move into l, from the one in
// msg on. Of what is in front of that, before are bytes that were copied. What has no room in max_message
// is taken all the same, for freeing it takes time, too.
int sk_large_recv(void *socket, zmq_msg_t *msg, int64_t before, int64_t max_message, sk_large *l, sk_got *io)
{
    for (;;) {
        if (!io->holds) {
            int err = fetch_frame(socket, msg);
            if (err != 0)
                return err;
        }
        io->holds = 1;
        if (l->n == l->cap) {
            int cap = l->cap > 0 ? 2 * l->cap : 4;
            zmq_msg_t *more = malloc(cap * sizeof *more);
            if (more == NULL)
                return ENOMEM;
            for (int i = 0; i < l->n; i++) {
                zmq_msg_init(&more[i]);
                zmq_msg_move(&more[i], &l->msgs[i]);
            }
            free(l->msgs);
            l->msgs = more;
            l->cap = cap;
        }
        zmq_msg_t *to = &l->msgs[l->n++];
        zmq_msg_init(to);
        zmq_msg_move(to, msg);
        io->holds = 0;
        l->bytes += (int64_t) zmq_msg_size(to);
        l->skip |= before + l->bytes > max_message;
        if (!zmq_msg_more(to))
            return 0;
    }
}

const char *sk_large_piece(sk_large *l, size_t most, size_t *len)
{
    while (l->at < l->n) {
        const char *data = zmq_msg_data(&l->msgs[l->at]);
        size_t offset = l->offset, left = zmq_msg_size(&l->msgs[l->at]) - offset;
        *len = left < most ? left : most;
        l->offset += *len;
        if (*len == left) {
            l->at++;
            l->offset = 0;
        }
        if (*len > 0)
            return data + offset;
    }
    *len = 0;
    return NULL;
}

void sk_large_lens(const sk_large *l, uint32_t *lens)
{
    for (int i = 0; i < l->n; i++)
        lens[i] = (uint32_t) zmq_msg_size(&l->msgs[i]) | (i < l->n - 1 ? SK_MORE : 0);
}

int sk_large_first(const sk_large *l)
{
    return zmq_msg_size(&l->msgs[0]) > 0 ? *(const unsigned char *) zmq_msg_data(&l->msgs[0]) : -1;
}

void sk_large_free(sk_large *l)
{
    sk_close_all(l->msgs, l->n);
    free(l->msgs);
    free(l);
}

static void skip_message(sk_got *io)
{
    io->partial_frames = io->frames;
    io->partial_bytes = io->bytes;
    io->skipping = 1;
    io->skipped++;
}

void sk_recv(void *socket, zmq_msg_t *msg, char *data, int64_t data_cap, uint32_t *lens, int lens_cap,
             int max, int64_t max_bytes, int64_t max_message, int64_t max_copy, sk_got *io)
{
    io->err = 0;
    io->need = 0;
    io->large = 0;
    while (io->messages < max && (io->bytes < max_bytes || io->partial_frames > io->frames || io->skipping)) {
        if (!io->holds) {
            io->err = fetch_frame(socket, msg);
            if (io->err != 0)
                return;
            io->holds = 1;
        }
        int64_t len = (int64_t) zmq_msg_size(msg);
        int more = zmq_msg_more(msg);
        if ((io->skipping ? 0 : io->partial_bytes - io->bytes) + len > max_copy) {
            io->large = 1;
            return;
        }
        if (!io->skipping && io->partial_bytes - io->bytes + len > max_message)
            skip_message(io);
        if (!io->skipping) {
            if (io->partial_frames == lens_cap || io->partial_bytes + len > data_cap) {
                io->need = len > 0 ? len : 1;
                return;
            }
            if (len > 0)
                memcpy(data + io->partial_bytes, zmq_msg_data(msg), (size_t) len);
            lens[io->partial_frames++] = (uint32_t) len | (more ? SK_MORE : 0);
            io->partial_bytes += len;
        }
        io->holds = 0;
        if (len > 1024) { // the next recv would free it too, but when?
            zmq_msg_close(msg);
            zmq_msg_init(msg);
        }
        if (!more && io->skipping) {
            io->skipping = 0;
        } else if (!more) {
            io->messages++;
            io->frames = io->partial_frames;
            io->bytes = io->partial_bytes;
        }
    }
}

int sk_getint(void *socket, int option, int *value)
{
    size_t size = sizeof *value;
    int rc;
    do
        rc = zmq_getsockopt(socket, option, value, &size);
    while (rc < 0 && zmq_errno() == EINTR);
    return rc < 0 ? zmq_errno() : 0;
}

// EINTR is not an error: the caller looks at everything again.
int sk_poll_fd(int fd, long timeout_ms)
{
    zmq_pollitem_t item = {0, fd, ZMQ_POLLIN, 0};
    return zmq_poll(&item, 1, timeout_ms) < 0 && zmq_errno() != EINTR ? zmq_errno() : 0;
}

// glibc gives the end of the heap back to the system as soon as 128 KiB of it are free. libzmq allocates
// and frees a message at a time, so with larger ones that is a system call each, and fresh pages that
// must be cleared. glibc takes it from what a program frees how much it had better keep (mallopt(3),
// M_MMAP_THRESHOLD: twice the largest block); so it is told at once. It does nothing if the
// environment says what to keep, and in another libc.
void sk_keep_memory(size_t bytes)
{
    char *volatile p = malloc(bytes);
    if (p != NULL)
        *p = 0;
    free(p);
}
