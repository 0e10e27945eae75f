"""Moves ZeroMQ frames between pyzmq's sockets and the Rust half.

pyzmq creates and configures the sockets; while a pump runs they belong to its
thread, and nothing else may touch them. That thread never takes the GIL: it
polls every socket and one event descriptor, hands received frames to the Rust
half in batches and sends what that half wants sent. The agreement between the
two is `frames_v1.h`.

What happens to a frame, without exception:

- Received: counted once the Rust half accepts it. If it refuses, the pump
  keeps the frame, stops reading that socket (`pauses`) and offers it again
  when the descriptor fires; ZeroMQ's own queues fill up behind it.
- Received, but not `[routing id]? payload`: discarded, counted (`malformed`).
- To be sent: counted once libzmq takes it. If libzmq has no room for it or no
  peer (`dropped_full`), or does not know its routing id (`dropped_gone`), it
  is discarded and counted: a slow peer must not hold up the others, and the
  protocols above repeat themselves.
- To be sent to a socket or with a routing id that cannot be
  (`misaddressed`): discarded, counted; it is a defect of the caller.
"""

import atexit

import zmq
import zmq.backend.cython._zmq as _zmq

from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.errno cimport EAGAIN, EHOSTUNREACH, EINTR
from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, strlen

cdef extern from "libzmq.h":
    ctypedef struct pump_msg:
        pass
    ctypedef struct pump_pollitem:
        void *socket
        int fd
        short events
        short revents
    enum:
        PUMP_POLLIN
        PUMP_DONTWAIT
        PUMP_SNDMORE
    ctypedef struct pump_libzmq:
        int (*errno_)() noexcept nogil
        int (*poll)(pump_pollitem *, int, long) noexcept nogil
        int (*msg_init)(pump_msg *) noexcept nogil
        int (*msg_init_size)(pump_msg *, size_t) noexcept nogil
        void *(*msg_data)(pump_msg *) noexcept nogil
        size_t (*msg_size)(const pump_msg *) noexcept nogil
        int (*msg_more)(const pump_msg *) noexcept nogil
        int (*msg_recv)(pump_msg *, void *, int) noexcept nogil
        int (*msg_send)(pump_msg *, void *, int) noexcept nogil
        int (*msg_close)(pump_msg *) noexcept nogil
        const char *(*msg_gets)(const pump_msg *, const char *) noexcept nogil
    const char *pump_find_libzmq(const char *, pump_libzmq *)

cdef extern from "frames_v1.h":
    const char *FRAMES_V1_NAME
    enum:
        FRAMES_V1_VERSION
    ctypedef struct frames_v1_frame:
        uint32_t socket
        uint32_t route_len
        const uint8_t *route
        const uint8_t *data
        uint64_t data_len
        const uint8_t *user
        uint64_t user_len
        void *owner
    ctypedef struct frames_v1:
        uint32_t version
        uint32_t table_bytes
        uint32_t frame_bytes
        uint32_t sockets
        void *ctx
        int32_t wake_fd
        uint32_t (*push)(void *, const frames_v1_frame *, uint32_t) noexcept nogil
        uint32_t (*pop)(void *, frames_v1_frame *, uint32_t) noexcept nogil
        void (*release)(void *, frames_v1_frame *, uint32_t) noexcept nogil

cdef extern from *:
    """
    #include <errno.h>
    #include <pthread.h>
    #include <signal.h>
    #include <stdint.h>
    #include <sys/eventfd.h>
    #include <unistd.h>

    /* Counters are written by the pump's thread and read by Python's. */
    static inline void pump_count(uint64_t *counter, uint64_t n) {
        __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
    }
    static inline uint64_t pump_read(const uint64_t *counter) {
        return __atomic_load_n(counter, __ATOMIC_RELAXED);
    }

    static inline int pump_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
    static inline int pump_signal(int fd) { return eventfd_write(fd, 1); }
    /* Nothing to read is fine: the descriptor is clear either way. */
    static inline void pump_clear(int fd) { eventfd_t n; (void)!eventfd_read(fd, &n); }

    /* Signals are Python's: its main thread shall get every one of them. */
    static inline int pump_spawn(pthread_t *thread, void *(*run)(void *), void *state) {
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, &before);
        int failed = pthread_create(thread, NULL, run, state);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return failed;
    }
    """
    ctypedef unsigned long pthread_t
    void pump_count(uint64_t *, uint64_t) noexcept nogil
    uint64_t pump_read(const uint64_t *) noexcept nogil
    int pump_eventfd()
    int pump_signal(int) noexcept nogil
    void pump_clear(int) noexcept nogil
    int pump_spawn(pthread_t *, void *(*)(void *) noexcept nogil, void *)
    int pthread_join(pthread_t, void **) noexcept nogil
    int close(int) noexcept nogil

# Bounds. A batch is one call across the border and one turn of a socket, so
# that no socket keeps the others waiting for longer than that.
cdef enum:
    SOCKETS_MAX = 256
    BATCH_FRAMES = 64
    # Batches sent before the sockets are looked at again.
    SEND_BATCHES = 4
    # Parts of a malformed message discarded in one turn.
    DISCARD_PARTS = 256

cdef struct Counters:
    uint64_t frames_in
    uint64_t bytes_in
    uint64_t frames_out
    uint64_t bytes_out
    uint64_t dropped_full
    uint64_t dropped_gone
    uint64_t malformed
    uint64_t pauses

cdef struct Line:
    # One socket, with the batch that is being received from it.
    void *socket
    bint router
    # A malformed message is being discarded up to its last part.
    bint discarding
    # The Rust half has no room: do not read.
    bint paused
    uint32_t held
    pump_msg routes[BATCH_FRAMES]
    pump_msg payloads[BATCH_FRAMES]
    Counters counters

cdef struct State:
    frames_v1 *rust
    int stop_fd
    uint32_t count
    # errno of the libzmq call that ended the thread; 0 while all is well.
    int failure
    uint64_t misaddressed
    Line *lines
    pump_pollitem items[SOCKETS_MAX + 2]

cdef pump_libzmq LIB


cdef void _find_library() except *:
    cdef bytes path = _zmq.__file__.encode()
    cdef const char *missing = pump_find_libzmq(path, &LIB)
    if missing != NULL:
        raise ImportError(f"pyzmq's libzmq lacks {missing.decode()} (looked in {_zmq.__file__})")


_find_library()


# Receiving ------------------------------------------------------------------

cdef int receive_part(Line *line, pump_msg *part) noexcept nogil:
    """Receive one part; 0, EAGAIN or what went wrong. On 0 the caller closes it."""
    cdef int failed
    LIB.msg_init(part)
    if LIB.msg_recv(part, line.socket, PUMP_DONTWAIT) >= 0:
        return 0
    failed = LIB.errno_()
    LIB.msg_close(part)
    # EINTR: poll says again that the socket is readable.
    return EAGAIN if failed == EINTR else failed


cdef int discard(Line *line) noexcept nogil:
    """Drop the rest of a malformed message, a bounded part of it per turn."""
    cdef pump_msg part
    cdef int turn, failed
    for turn in range(DISCARD_PARTS):
        failed = receive_part(line, &part)
        if failed:
            return failed
        line.discarding = LIB.msg_more(&part) != 0
        LIB.msg_close(&part)
        if not line.discarding:
            return 0
    return EAGAIN


cdef int receive_message(Line *line) noexcept nogil:
    """Receive one whole message into the batch; 0, EAGAIN or what went wrong.

    The parts of a message arrive together, so that the second part of one
    whose first is there is there too.
    """
    cdef pump_msg *route = &line.routes[line.held]
    cdef pump_msg *payload = &line.payloads[line.held]
    cdef bint more = True
    cdef int failed
    if line.discarding:
        return discard(line)
    if line.router:
        failed = receive_part(line, route)
        if failed:
            return failed
        more = LIB.msg_more(route) != 0
    else:
        LIB.msg_init(route)
    if more:
        failed = receive_part(line, payload)
        if failed:
            LIB.msg_close(route)
            return failed
        more = LIB.msg_more(payload) != 0
        if not more:
            line.held += 1
            return 0
        LIB.msg_close(payload)
    # A routing id alone, or a payload of several parts.
    LIB.msg_close(route)
    pump_count(&line.counters.malformed, 1)
    line.discarding = more
    return 0


cdef void name_user(Line *line, uint32_t place, frames_v1_frame *frame) noexcept nogil:
    """Whose message it is, as the ZAP handler said when it let the peer in."""
    cdef const char *user = NULL
    if line.router:
        user = LIB.msg_gets(&line.payloads[place], b"User-Id")
    frame.user = <const uint8_t *>user
    frame.user_len = strlen(user) if user != NULL else 0


cdef void offer(State *state, uint32_t index) noexcept nogil:
    """Push the batch; what is refused moves to the front and pauses the socket."""
    cdef Line *line = &state.lines[index]
    cdef frames_v1_frame frames[BATCH_FRAMES]
    cdef uint32_t accepted, i, kept
    cdef uint64_t size = 0
    if line.held == 0:
        return
    for i in range(line.held):
        frames[i].socket = index
        frames[i].route_len = <uint32_t>LIB.msg_size(&line.routes[i])
        frames[i].route = <const uint8_t *>LIB.msg_data(&line.routes[i])
        frames[i].data = <const uint8_t *>LIB.msg_data(&line.payloads[i])
        frames[i].data_len = LIB.msg_size(&line.payloads[i])
        frames[i].owner = NULL
        name_user(line, i, &frames[i])
    accepted = state.rust.push(state.rust.ctx, frames, line.held)
    for i in range(accepted):
        size += frames[i].data_len
        LIB.msg_close(&line.routes[i])
        LIB.msg_close(&line.payloads[i])
    pump_count(&line.counters.frames_in, accepted)
    pump_count(&line.counters.bytes_in, size)
    kept = line.held - accepted
    # Moving the 64 bytes moves a message, as long as the source is forgotten.
    for i in range(kept):
        line.routes[i] = line.routes[accepted + i]
        line.payloads[i] = line.payloads[accepted + i]
    line.held = kept
    line.paused = kept > 0
    if line.paused:
        pump_count(&line.counters.pauses, 1)


cdef int receive(State *state, uint32_t index) noexcept nogil:
    """One turn of one socket: a batch at most."""
    cdef Line *line = &state.lines[index]
    cdef int failed = 0
    cdef int turn
    for turn in range(BATCH_FRAMES):
        if line.held == BATCH_FRAMES or failed:
            break
        failed = receive_message(line)
    offer(state, index)
    return 0 if failed == EAGAIN else failed


# Sending --------------------------------------------------------------------

cdef int send_part(Line *line, const uint8_t *data, size_t size, int flags) noexcept nogil:
    """Send one part; 0 or what went wrong."""
    cdef pump_msg part
    cdef int failed
    if LIB.msg_init_size(&part, size) != 0:
        return LIB.errno_()
    if size > 0:
        memcpy(LIB.msg_data(&part), data, size)
    if LIB.msg_send(&part, line.socket, flags | PUMP_DONTWAIT) >= 0:
        return 0
    failed = LIB.errno_()
    LIB.msg_close(&part)
    return failed


cdef int send_message(State *state, const frames_v1_frame *frame) noexcept nogil:
    """Send one message or count why not; what ends the pump comes back."""
    cdef Line *line
    cdef int failed = 0
    if frame.socket >= state.count or state.lines[frame.socket].router != (frame.route_len > 0):
        pump_count(&state.misaddressed, 1)
        return 0
    line = &state.lines[frame.socket]
    if line.router:
        failed = send_part(line, frame.route, frame.route_len, PUMP_SNDMORE)
    if not failed:
        failed = send_part(line, frame.data, frame.data_len, 0)
    if not failed:
        pump_count(&line.counters.frames_out, 1)
        pump_count(&line.counters.bytes_out, frame.data_len)
    elif failed == EAGAIN:
        pump_count(&line.counters.dropped_full, 1)
    elif failed == EHOSTUNREACH:
        pump_count(&line.counters.dropped_gone, 1)
    else:
        return failed
    return 0


cdef int send(State *state, bint *more) noexcept nogil:
    """Send what the Rust half has, a few batches at most; `more` if that was not all."""
    cdef frames_v1_frame frames[BATCH_FRAMES]
    cdef uint32_t count, i
    cdef int batch, failed = 0
    for batch in range(SEND_BATCHES):
        count = state.rust.pop(state.rust.ctx, frames, BATCH_FRAMES)
        for i in range(count):
            if not failed:
                failed = send_message(state, &frames[i])
        state.rust.release(state.rust.ctx, frames, count)
        more[0] = count == BATCH_FRAMES
        if failed or not more[0]:
            return failed
    return 0


# The thread -----------------------------------------------------------------

cdef int turn_all(State *state, bint *more) noexcept nogil:
    """Sleep until something happens and do it; 0 or what went wrong."""
    cdef pump_pollitem *items = state.items
    cdef uint32_t i
    cdef int failed
    for i in range(state.count):
        items[i + 2].events = 0 if state.lines[i].paused else PUMP_POLLIN
    if LIB.poll(items, <int>state.count + 2, 0 if more[0] else -1) < 0:
        failed = LIB.errno_()
        return 0 if failed == EINTR else failed
    if items[1].revents:
        # Clear first: what is signalled from here on wakes the next poll.
        pump_clear(state.rust.wake_fd)
        for i in range(state.count):
            if state.lines[i].paused:
                offer(state, i)
    if items[1].revents or more[0]:
        failed = send(state, more)
        if failed:
            return failed
    for i in range(state.count):
        if items[i + 2].revents:
            failed = receive(state, i)
            if failed:
                return failed
    return 0


cdef void *run(void *argument) noexcept nogil:
    """Pump until told to stop."""
    cdef State *state = <State *>argument
    # A run begins with what a run before it may have left behind.
    cdef bint more = True
    cdef uint32_t i
    for i in range(state.count):
        offer(state, i)
    while state.items[0].revents == 0:
        state.failure = turn_all(state, &more)
        if state.failure:
            break
    pump_clear(state.stop_fd)
    return NULL


# Python ---------------------------------------------------------------------

_COUNTERS = (
    "frames_in",
    "bytes_in",
    "frames_out",
    "bytes_out",
    "dropped_full",
    "dropped_gone",
    "malformed",
    "pauses",
)

# Running pumps: kept alive, and stopped before the interpreter goes.
_running = set()


@atexit.register
def _stop_all():
    for pump in list(_running):
        pump.stop()


cdef class Pump:
    """Moves frames between `sockets` and the Rust half behind `capsule`.

    The pump refers to the sockets and the capsule as long as it lives, and a
    running pump lives until it is stopped. Close sockets only after `stop()`.
    """

    cdef State state
    cdef pthread_t thread
    cdef bint started
    cdef tuple sockets
    cdef object capsule

    def __cinit__(self, sockets, capsule):
        cdef uint32_t i
        self.state.stop_fd = -1
        self.sockets = tuple(sockets)
        self.capsule = capsule
        self.state.rust = _table(capsule, len(self.sockets))
        self.state.count = len(self.sockets)
        self.state.lines = <Line *>calloc(self.state.count, sizeof(Line))
        if self.state.lines == NULL:
            raise MemoryError
        self.state.stop_fd = pump_eventfd()
        if self.state.stop_fd < 0:
            raise OSError("no event descriptor")
        self.state.items[0].fd = self.state.stop_fd
        self.state.items[0].events = PUMP_POLLIN
        self.state.items[1].fd = self.state.rust.wake_fd
        self.state.items[1].events = PUMP_POLLIN
        for i in range(self.state.count):
            self._adopt(i, self.sockets[i])

    cdef _adopt(self, uint32_t i, socket):
        if socket.type not in (zmq.DEALER, zmq.ROUTER):
            raise ValueError(f"socket {i} is neither DEALER nor ROUTER")
        if socket.type == zmq.ROUTER:
            # Otherwise libzmq drops what it cannot route without a word.
            socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self.state.lines[i].router = socket.type == zmq.ROUTER
        self.state.lines[i].socket = <void *><size_t>socket.underlying
        self.state.items[i + 2].socket = self.state.lines[i].socket

    def __dealloc__(self):
        cdef uint32_t i, held
        if self.started:
            pump_signal(self.state.stop_fd)
            with nogil:
                pthread_join(self.thread, NULL)
        if self.state.lines != NULL:
            for i in range(self.state.count):
                for held in range(self.state.lines[i].held):
                    LIB.msg_close(&self.state.lines[i].routes[held])
                    LIB.msg_close(&self.state.lines[i].payloads[held])
            free(self.state.lines)
        if self.state.stop_fd >= 0:
            close(self.state.stop_fd)

    def start(self):
        """Start the thread. From now on the sockets are the pump's."""
        if self.started:
            raise RuntimeError("the pump is running")
        for socket in self.sockets:
            if socket.closed:
                raise ValueError("a socket of the pump is closed")
        self.state.failure = 0
        self.state.items[0].revents = 0
        # A run that ended by itself may have left its stop signal behind.
        pump_clear(self.state.stop_fd)
        failed = pump_spawn(&self.thread, run, &self.state)
        if failed:
            raise OSError(failed, "failed to start the pump's thread")
        self.started = True
        _running.add(self)

    def stop(self):
        """Stop the thread and wait for it. May be called again.

        Frames that the Rust half has refused stay with the pump and are
        offered first when it starts again. Raises `zmq.ZMQError` if the pump
        had ended by itself.
        """
        if not self.started:
            return
        pump_signal(self.state.stop_fd)
        with nogil:
            pthread_join(self.thread, NULL)
        self.started = False
        _running.discard(self)
        if self.state.failure:
            raise zmq.ZMQError(self.state.failure)

    @property
    def running(self):
        """Whether the thread runs and has met no error."""
        return bool(self.started and self.state.failure == 0)

    def counters(self):
        """What was counted since the pump was made: one dict per socket, in
        order, under `sockets`, and `misaddressed`."""
        cdef uint32_t i, c
        cdef uint64_t *values
        lines = []
        for i in range(self.state.count):
            values = <uint64_t *>&self.state.lines[i].counters
            lines.append({name: pump_read(&values[c]) for c, name in enumerate(_COUNTERS)})
        return {"sockets": lines, "misaddressed": pump_read(&self.state.misaddressed)}


cdef frames_v1 *_table(capsule, count) except NULL:
    """Look into the capsule and check that both sides mean the same."""
    table = <frames_v1 *>PyCapsule_GetPointer(capsule, FRAMES_V1_NAME)
    if table.version != FRAMES_V1_VERSION:
        raise ValueError(f"frames version {table.version}, not {FRAMES_V1_VERSION}")
    if table.table_bytes != sizeof(frames_v1) or table.frame_bytes != sizeof(frames_v1_frame):
        raise ValueError("the pump and the native module were built from different sources")
    if not 0 < count <= SOCKETS_MAX or count != table.sockets:
        raise ValueError(f"{count} sockets, but the other side has {table.sockets} lanes")
    return table


def version():
    """Version of the pump's distribution."""
    return "0.1.0"
