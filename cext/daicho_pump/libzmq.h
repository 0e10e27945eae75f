/* The part of libzmq that the pump calls, as its manual documents it.
 *
 * pyzmq's wheel carries libzmq but neither header nor exported symbols, so the
 * functions are looked up at run time. `zmq_msg_t` is 64 opaque bytes by
 * libzmq's own promise of a stable ABI.
 */
#ifndef DAICHO_LIBZMQ_H
#define DAICHO_LIBZMQ_H

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

typedef union {
    unsigned char opaque[64];
    void *aligned;
} pump_msg;

typedef struct {
    void *socket;
    int fd;
    short events;
    short revents;
} pump_pollitem;

enum { PUMP_POLLIN = 1, PUMP_DONTWAIT = 1, PUMP_SNDMORE = 2 };

typedef struct {
    int (*errno_)(void);
    int (*poll)(pump_pollitem *items, int count, long timeout_ms);
    int (*msg_init)(pump_msg *);
    int (*msg_init_size)(pump_msg *, size_t);
    void *(*msg_data)(pump_msg *);
    size_t (*msg_size)(const pump_msg *);
    int (*msg_more)(const pump_msg *);
    int (*msg_recv)(pump_msg *, void *socket, int flags);
    int (*msg_send)(pump_msg *, void *socket, int flags);
    int (*msg_close)(pump_msg *);
    const char *(*msg_gets)(const pump_msg *, const char *property);
} pump_libzmq;

/* Fills `zmq` from the library that `path` has loaded already, and from what
 * that library depends on. Returns null, or the name that is missing. */
static inline const char *pump_find_libzmq(const char *path, pump_libzmq *zmq) {
    /* The handle is kept for ever: the functions must stay where they are. */
    void *library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    if (library == NULL) {
        return "the library itself";
    }
    struct {
        const char *name;
        void **slot;
    } wanted[] = {
        {"zmq_errno", (void **)&zmq->errno_},
        {"zmq_poll", (void **)&zmq->poll},
        {"zmq_msg_init", (void **)&zmq->msg_init},
        {"zmq_msg_init_size", (void **)&zmq->msg_init_size},
        {"zmq_msg_data", (void **)&zmq->msg_data},
        {"zmq_msg_size", (void **)&zmq->msg_size},
        {"zmq_msg_more", (void **)&zmq->msg_more},
        {"zmq_msg_recv", (void **)&zmq->msg_recv},
        {"zmq_msg_send", (void **)&zmq->msg_send},
        {"zmq_msg_close", (void **)&zmq->msg_close},
        {"zmq_msg_gets", (void **)&zmq->msg_gets},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        *wanted[i].slot = dlsym(library, wanted[i].name);
        if (*wanted[i].slot == NULL) {
            return wanted[i].name;
        }
    }
    return NULL;
}

#endif
