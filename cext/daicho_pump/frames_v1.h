/* daicho.frames.v1: what the pump and the Rust half agree on.
 *
 * The capsule of that name points to one frames_v1. The other side of each
 * declaration is rust/bindings/src/frames.rs; `version` and the two sizes are
 * compared when a pump is made, so that a change on one side cannot pass.
 */
#ifndef DAICHO_FRAMES_V1_H
#define DAICHO_FRAMES_V1_H

#include <stdint.h>

#define FRAMES_V1_NAME "daicho.frames.v1"
#define FRAMES_V1_VERSION 1

/* One message: [routing id]? payload. `owner` is null in a pushed frame and
 * the Rust side's own in a popped one. `user` is whom the ZAP handler took the
 * peer for, in a frame pushed from a ROUTER, and empty otherwise. Pointers of
 * length 0 may be anything. */
typedef struct {
    uint32_t socket;
    uint32_t route_len;
    const uint8_t *route;
    const uint8_t *data;
    uint64_t data_len;
    const uint8_t *user;
    uint64_t user_len;
    void *owner;
} frames_v1_frame;

/* Every function may be called from any thread, without the GIL, as long as
 * the capsule lives. */
typedef struct {
    uint32_t version;
    uint32_t table_bytes;
    uint32_t frame_bytes;
    /* How many sockets the Rust side has lanes for. */
    uint32_t sockets;
    void *ctx;
    /* Readable when there is something to pop, or room after a short push. */
    int32_t wake_fd;
    /* Copies the first frames of a batch and says how many: fewer than `n`
     * means that the socket of the first refused frame has no room. */
    uint32_t (*push)(void *ctx, const frames_v1_frame *frames, uint32_t n);
    /* Fills up to `max` frames; each is valid until released. */
    uint32_t (*pop)(void *ctx, frames_v1_frame *out, uint32_t max);
    /* Gives popped frames back. */
    void (*release)(void *ctx, frames_v1_frame *frames, uint32_t n);
} frames_v1;

#endif
