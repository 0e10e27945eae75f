//! The Rust half of frames v1: bounded queues between the pump and the step
//! thread.
//!
//! The pump (`cext/`) pushes what its sockets received and pops what they
//! shall send; the step thread receives and sends. Neither waits for the
//! other: the pump sleeps on [`FrameQueues::wake_fd`], the step thread on a
//! condition variable. Nothing here is ever dropped:
//!
//! - Inbound, each socket has a lane with its own bound, so that a flood on
//!   one never holds up another. A full lane refuses the rest of a batch, the
//!   pump keeps those frames and stops reading that socket, and the wake-up
//!   descriptor fires once the lane is half empty again.
//! - Outbound there is one queue; when it is full the sender gets its frame
//!   back.
//!
//! A lane that is empty takes any one frame, however long, since it could
//! otherwise never be read again; sockets bound the length of a frame.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// Sockets one pump may serve: a few per peer, and the gateway. The pump has
/// the same bound.
pub const SOCKETS_MAX: usize = 256;

/// One message, on its way in or out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Index of the socket in the list the pump was made with.
    pub socket: u32,
    /// Routing id of the peer on a ROUTER socket; empty on a DEALER.
    pub route: Vec<u8>,
    /// The payload.
    pub data: Vec<u8>,
    /// Whom the ZAP handler took the peer for, on its way in from a ROUTER.
    pub user: Vec<u8>,
}

/// A received message that still belongs to the pump.
#[derive(Clone, Copy, Debug)]
pub struct FrameRef<'a> {
    /// Index of the socket it came from.
    pub socket: u32,
    /// Routing id of the peer on a ROUTER socket; empty on a DEALER.
    pub route: &'a [u8],
    /// The payload.
    pub data: &'a [u8],
    /// Whom the ZAP handler took the peer for; empty but on a ROUTER.
    pub user: &'a [u8],
}

impl FrameRef<'_> {
    fn to_frame(self) -> Frame {
        Frame {
            socket: self.socket,
            route: self.route.to_vec(),
            data: self.data.to_vec(),
            user: self.user.to_vec(),
        }
    }
}

/// How much a queue holds; both bounds apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueBound {
    /// Frames, at least one.
    pub frames: usize,
    /// Bytes of payload.
    pub bytes: usize,
}

/// Why a frame was not taken for sending; the frame comes back.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The outbound queue is at its bound.
    #[error("the outbound queue is full")]
    Full(Frame),
    /// [`FrameQueues::close`] was called.
    #[error("the queues are closed")]
    Closed(Frame),
}

/// [`FrameQueues::close`] was called and every received frame was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queues are closed")]
pub struct Closed;

/// What waits in the queues at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Depths {
    /// Received frames not yet taken by the step thread, per socket.
    pub inbound: Vec<usize>,
    /// Frames not yet taken by the pump.
    pub outbound: usize,
    /// How often a full lane has turned the pump away, per socket.
    pub refusals: Vec<u64>,
}

/// The queues between one pump and one step thread.
#[derive(Debug)]
pub struct FrameQueues {
    inbound: Mutex<Inbound>,
    arrived: Condvar,
    outbound: Mutex<Outbound>,
    room: Condvar,
    wake: File,
}

impl FrameQueues {
    /// Empty queues: one inbound lane per socket and one way out.
    ///
    /// # Errors
    /// When the kernel gives no event descriptor.
    ///
    /// # Panics
    /// On more than [`SOCKETS_MAX`] lanes or a bound of no frames.
    pub fn new(lanes: &[QueueBound], outbound: QueueBound) -> io::Result<Self> {
        assert!(
            lanes.len() <= SOCKETS_MAX,
            "more sockets than one pump serves"
        );
        assert!(lanes.iter().all(|bound| bound.frames > 0));
        assert!(outbound.frames > 0);
        Ok(Self {
            inbound: Mutex::new(Inbound {
                lanes: lanes.iter().copied().map(Lane::new).collect(),
                next: 0,
                nudged: false,
                closed: false,
            }),
            arrived: Condvar::new(),
            outbound: Mutex::new(Outbound {
                queue: Bounded::new(outbound),
                closed: false,
            }),
            room: Condvar::new(),
            wake: event_descriptor()?,
        })
    }

    /// Becomes readable when there is something to pop or room to push again.
    /// The pump reads it, then pops and pushes.
    pub fn wake_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// Takes a batch from the pump, in order; returns how many were accepted.
    /// The first refusal ends the batch: frames of one socket keep their order.
    /// Frames of a socket without a lane are the pump's mistake and stop it.
    pub fn push<'a>(&self, batch: impl Iterator<Item = FrameRef<'a>>) -> usize {
        let mut inbound = lock(&self.inbound);
        let accepted = batch.take_while(|frame| inbound.push(*frame)).count();
        drop(inbound);
        if accepted > 0 {
            self.arrived.notify_one();
        }
        accepted
    }

    /// Waits until a frame is there and takes up to `max`, sockets in turn.
    /// An empty answer means that `timeout` passed or [`Self::nudge`] was called.
    ///
    /// # Errors
    /// [`Closed`], once nothing is left after [`Self::close`].
    ///
    /// # Panics
    /// On a `max` of zero, which would never make progress.
    pub fn receive(&self, max: usize, timeout: Duration) -> Result<Vec<Frame>, Closed> {
        assert!(max > 0, "taking nothing makes no progress");
        let inbound = lock(&self.inbound);
        let (mut inbound, _) = self
            .arrived
            .wait_timeout_while(inbound, timeout, |inbound| inbound.must_wait())
            .expect(UNPOISONED);
        inbound.nudged = false;
        let (frames, room_again) = inbound.take(max);
        let closed = inbound.closed;
        drop(inbound);
        if room_again {
            self.signal();
        }
        if closed && frames.is_empty() {
            return Err(Closed);
        }
        Ok(frames)
    }

    /// Makes [`Self::receive`] return now, frames or not: something else
    /// (the disk, the executor, an operator) wants the step thread.
    pub fn nudge(&self) {
        lock(&self.inbound).nudged = true;
        self.arrived.notify_one();
    }

    /// Queues a frame for the pump. Never waits.
    ///
    /// # Errors
    /// [`SendError`] with the frame.
    pub fn send(&self, frame: Frame) -> Result<(), SendError> {
        let outbound = lock(&self.outbound);
        self.send_locked(outbound, frame)
    }

    /// Queues a frame for the pump, waiting up to `timeout` for room.
    ///
    /// # Errors
    /// [`SendError`] with the frame.
    pub fn send_wait(&self, frame: Frame, timeout: Duration) -> Result<(), SendError> {
        let bytes = frame.data.len();
        let outbound = lock(&self.outbound);
        let (outbound, _) = self
            .room
            .wait_timeout_while(outbound, timeout, |outbound| {
                !outbound.closed && !outbound.queue.has_room(bytes)
            })
            .expect(UNPOISONED);
        self.send_locked(outbound, frame)
    }

    fn send_locked(
        &self,
        mut outbound: MutexGuard<'_, Outbound>,
        frame: Frame,
    ) -> Result<(), SendError> {
        if outbound.closed {
            return Err(SendError::Closed(frame));
        }
        if !outbound.queue.has_room(frame.data.len()) {
            return Err(SendError::Full(frame));
        }
        // While frames wait, an earlier signal is still to be answered.
        let first = outbound.queue.frames.is_empty();
        outbound.queue.push(frame);
        drop(outbound);
        if first {
            self.signal();
        }
        Ok(())
    }

    /// Gives up to `max` frames to the pump. The pump asks again until it gets
    /// fewer than it asked for, then sleeps on [`Self::wake_fd`].
    pub fn pop(&self, max: usize) -> Vec<Frame> {
        let mut outbound = lock(&self.outbound);
        let count = max.min(outbound.queue.frames.len());
        let frames = (0..count).filter_map(|_| outbound.queue.pop()).collect();
        drop(outbound);
        if count > 0 {
            self.room.notify_all();
        }
        frames
    }

    /// Ends both directions: what was received can still be taken, nothing
    /// more is accepted. What was queued for sending can still be popped.
    pub fn close(&self) {
        lock(&self.inbound).closed = true;
        lock(&self.outbound).closed = true;
        self.arrived.notify_all();
        self.room.notify_all();
    }

    /// What waits at this moment.
    pub fn depths(&self) -> Depths {
        let outbound = lock(&self.outbound).queue.frames.len();
        let inbound = lock(&self.inbound);
        Depths {
            inbound: inbound
                .lanes
                .iter()
                .map(|lane| lane.queue.frames.len())
                .collect(),
            outbound,
            refusals: inbound.lanes.iter().map(|lane| lane.refusals).collect(),
        }
    }

    fn signal(&self) {
        // The counter saturates rather than blocks (EAGAIN at its maximum):
        // it is readable then, which is all a signal has to achieve.
        match (&self.wake).write(&1_u64.to_ne_bytes()) {
            Ok(written) => assert_eq!(written, 8, "an event descriptor takes eight bytes"),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
    }
}

const UNPOISONED: &str = "no thread panics while it holds a queue";

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect(UNPOISONED)
}

#[derive(Debug)]
struct Inbound {
    lanes: Vec<Lane>,
    /// Lane whose turn it is.
    next: usize,
    nudged: bool,
    closed: bool,
}

impl Inbound {
    fn must_wait(&self) -> bool {
        let empty = self.lanes.iter().all(|lane| lane.queue.frames.is_empty());
        empty && !self.nudged && !self.closed
    }

    fn push(&mut self, frame: FrameRef<'_>) -> bool {
        let lane = &mut self.lanes[frame.socket as usize];
        if self.closed || !lane.queue.has_room(frame.data.len()) {
            lane.starved = true;
            lane.refusals += 1;
            return false;
        }
        lane.queue.push(frame.to_frame());
        true
    }

    /// Takes from the lanes in turn; says whether a starved one has room again.
    fn take(&mut self, max: usize) -> (Vec<Frame>, bool) {
        let lanes = self.lanes.len();
        let waiting: usize = self.lanes.iter().map(|lane| lane.queue.frames.len()).sum();
        let count = max.min(waiting);
        let mut frames = Vec::with_capacity(count);
        while frames.len() < count {
            frames.extend(self.lanes[self.next].queue.pop());
            self.next = (self.next + 1) % lanes;
        }
        let room_again = self
            .lanes
            .iter_mut()
            .fold(false, |any, lane| lane.feed() | any);
        (frames, room_again)
    }
}

#[derive(Debug)]
struct Lane {
    queue: Bounded,
    /// The pump was turned away and waits for a signal.
    starved: bool,
    refusals: u64,
}

impl Lane {
    fn new(bound: QueueBound) -> Self {
        Self {
            queue: Bounded::new(bound),
            starved: false,
            refusals: 0,
        }
    }

    /// True once per starvation, when half of the lane is free: a signal per
    /// frame taken would wake the pump for one frame each.
    fn feed(&mut self) -> bool {
        let fed = self.starved && self.queue.is_half_free();
        if fed {
            self.starved = false;
        }
        fed
    }
}

#[derive(Debug)]
struct Outbound {
    queue: Bounded,
    closed: bool,
}

#[derive(Debug)]
struct Bounded {
    frames: VecDeque<Frame>,
    bytes: usize,
    bound: QueueBound,
}

impl Bounded {
    fn new(bound: QueueBound) -> Self {
        Self {
            frames: VecDeque::new(),
            bytes: 0,
            bound,
        }
    }

    fn has_room(&self, bytes: usize) -> bool {
        let fits = self.bytes.saturating_add(bytes) <= self.bound.bytes;
        self.frames.is_empty() || self.frames.len() < self.bound.frames && fits
    }

    fn is_half_free(&self) -> bool {
        self.frames.len() <= self.bound.frames / 2 && self.bytes <= self.bound.bytes / 2
    }

    fn push(&mut self, frame: Frame) {
        assert!(self.has_room(frame.data.len()), "checked before");
        self.bytes += frame.data.len();
        self.frames.push_back(frame);
    }

    fn pop(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.data.len();
        Some(frame)
    }
}

#[allow(unsafe_code)]
fn event_descriptor() -> io::Result<File> {
    use std::os::fd::{FromRawFd, OwnedFd};
    // SAFETY: takes two integers and touches no memory of ours.
    let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just given us this descriptor; nobody else owns it.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(fd) }))
}

#[cfg(test)]
#[path = "frames_tests.rs"]
mod tests;
