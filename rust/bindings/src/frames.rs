//! The capsule `daicho.frames.v1`: C functions over [`FrameQueues`].
//!
//! The other side of every declaration is `cext/daicho_pump/frames_v1.h`.
//! The functions are called by the pump's thread, which never holds the GIL;
//! a panic in them ends the process, as a broken invariant must.
#![allow(unsafe_code)] // Raw pointers from C: one SAFETY comment each.

use std::ffi::CStr;
use std::os::fd::AsRawFd;
use std::ptr;
use std::slice;
use std::sync::Arc;

use daicho_host::frames::{Frame, FrameQueues, FrameRef};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

const NAME: &CStr = c"daicho.frames.v1";
const VERSION: u32 = 1;

/// One message as C sees it.
#[repr(C)]
struct CFrame {
    socket: u32,
    route_len: u32,
    route: *const u8,
    data: *const u8,
    data_len: u64,
    user: *const u8,
    user_len: u64,
    /// A `Box<Frame>` in a popped frame, null in a pushed one.
    owner: *mut Frame,
}

/// What the capsule points to.
#[repr(C)]
struct Table {
    version: u32,
    table_bytes: u32,
    frame_bytes: u32,
    sockets: u32,
    ctx: *const FrameQueues,
    wake_fd: i32,
    push: unsafe extern "C" fn(*const FrameQueues, *const CFrame, u32) -> u32,
    pop: unsafe extern "C" fn(*const FrameQueues, *mut CFrame, u32) -> u32,
    release: unsafe extern "C" fn(*const FrameQueues, *mut CFrame, u32),
}

/// The capsule's content: the table and what keeps its `ctx` alive.
#[repr(C)]
struct Content {
    table: Table,
    queues: Arc<FrameQueues>,
}

// SAFETY: `ctx` points into `queues`, an `Arc` of a type that is itself Send
// and Sync; nothing else in the table refers to a thread.
unsafe impl Send for Content {}

/// A capsule through which a pump reaches `queues`; it keeps them alive.
///
/// # Errors
/// When Python has no memory for a capsule.
pub fn capsule<'py>(py: Python<'py>, queues: &Arc<FrameQueues>) -> PyResult<Bound<'py, PyCapsule>> {
    let content = Content {
        table: Table {
            version: VERSION,
            table_bytes: size_of::<Table>() as u32,
            frame_bytes: size_of::<CFrame>() as u32,
            sockets: queues.depths().inbound.len() as u32,
            ctx: Arc::as_ptr(queues),
            wake_fd: queues.wake_fd().as_raw_fd(),
            push,
            pop,
            release,
        },
        queues: Arc::clone(queues),
    };
    // The table is the first field, so the capsule's pointer is the table's.
    assert_eq!(std::mem::offset_of!(Content, table), 0);
    assert!(ptr::eq(content.table.ctx, &raw const *content.queues));
    PyCapsule::new_with_value(py, content, NAME)
}

/// Copies the first frames of a batch; says how many were accepted.
unsafe extern "C" fn push(ctx: *const FrameQueues, frames: *const CFrame, n: u32) -> u32 {
    // SAFETY: the caller holds the capsule, whose `Arc` keeps `ctx` alive.
    let queues = unsafe { &*ctx };
    // SAFETY: the caller passes `n` initialised frames, n > 0.
    let frames = unsafe { slice::from_raw_parts(frames, n as usize) };
    let borrowed = frames.iter().map(|frame| FrameRef {
        socket: frame.socket,
        // SAFETY: the message behind the frame stays open during the call.
        route: unsafe { bytes(frame.route, frame.route_len as usize) },
        // SAFETY: as above.
        data: unsafe { bytes(frame.data, frame.data_len as usize) },
        // SAFETY: as above; libzmq's property lives as long as the message.
        user: unsafe { bytes(frame.user, frame.user_len as usize) },
    });
    queues.push(borrowed) as u32
}

/// Fills up to `max` frames, each owning a box until it is released.
unsafe extern "C" fn pop(ctx: *const FrameQueues, out: *mut CFrame, max: u32) -> u32 {
    // SAFETY: the caller holds the capsule, whose `Arc` keeps `ctx` alive.
    let queues = unsafe { &*ctx };
    let frames = queues.pop(max as usize);
    let count = frames.len();
    assert!(count <= max as usize);
    for (index, frame) in frames.into_iter().enumerate() {
        let owner = Box::new(frame);
        let c_frame = CFrame {
            socket: owner.socket,
            route_len: u32::try_from(owner.route.len()).expect("routing ids are short"),
            route: owner.route.as_ptr(),
            data: owner.data.as_ptr(),
            data_len: owner.data.len() as u64,
            user: ptr::null(),
            user_len: 0,
            // Moving the box moves no bytes: the pointers above stay good.
            owner: Box::into_raw(owner),
        };
        // SAFETY: the caller has room for `max` frames and `index < max`.
        unsafe { out.add(index).write(c_frame) };
    }
    count as u32
}

/// Frees popped frames.
unsafe extern "C" fn release(_ctx: *const FrameQueues, frames: *mut CFrame, n: u32) {
    for index in 0..n as usize {
        // SAFETY: the caller passes `n` frames that `pop` filled.
        let frame = unsafe { &mut *frames.add(index) };
        assert!(!frame.owner.is_null(), "released twice");
        // SAFETY: `pop` made the owner with `Box::into_raw`; it is released
        // once, since it is null from here on.
        drop(unsafe { Box::from_raw(frame.owner) });
        frame.owner = ptr::null_mut();
    }
}

/// A slice of C's bytes; C may pass any pointer with a length of zero.
///
/// # Safety
/// `len` bytes at `start` stay readable and unchanged for `'a`.
unsafe fn bytes<'a>(start: *const u8, len: usize) -> &'a [u8] {
    if len == 0 {
        return &[];
    }
    // SAFETY: the caller's promise, and `len` is not zero.
    unsafe { slice::from_raw_parts(start, len) }
}
