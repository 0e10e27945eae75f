//! `EchoHost`: sends every received frame back where it came from.
//!
//! The smallest thing behind a pump. It answers whether sockets, pump and the
//! native module meet in this process, with neither ledger nor disk involved.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use daicho_host::frames::{FrameQueues, QueueBound, SOCKETS_MAX};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

/// Frames taken in one go.
const BATCH_FRAMES: usize = 64;
/// How long the thread sleeps when nothing comes and nobody nudges it.
const IDLE: Duration = Duration::from_secs(3600);

/// Echoes frames until it is stopped.
#[pyclass(frozen, module = "daicho._native")]
struct EchoHost {
    queues: Arc<FrameQueues>,
    gate: Arc<Gate>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[pymethods]
impl EchoHost {
    #[new]
    #[pyo3(signature = (sockets, *, frames = 1024, frame_bytes = 64 << 20, paused = false))]
    fn new(sockets: usize, frames: usize, frame_bytes: usize, paused: bool) -> PyResult<Self> {
        if sockets == 0 || sockets > SOCKETS_MAX || frames == 0 {
            let reason = format!("sockets must be 1..={SOCKETS_MAX} and frames at least 1");
            return Err(PyValueError::new_err(reason));
        }
        let bound = QueueBound {
            frames,
            bytes: frame_bytes,
        };
        let queues = Arc::new(FrameQueues::new(&vec![bound; sockets], bound)?);
        let gate = Arc::new(Gate::new(!paused));
        let (ours, way) = (Arc::clone(&queues), Arc::clone(&gate));
        let thread = Builder::new()
            .name("echo".into())
            .spawn(move || echo(&ours, &way))?;
        Ok(Self {
            queues,
            gate,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// The capsule for one pump.
    fn capsule<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        crate::frames::capsule(py, &self.queues)
    }

    /// Take nothing more until `resume`, after at most one batch: lanes fill up.
    fn pause(&self) {
        self.gate.set(false);
    }

    /// Go on after `pause`.
    fn resume(&self) {
        self.gate.set(true);
    }

    /// Frames waiting in the lane of each socket.
    fn waiting(&self) -> Vec<usize> {
        self.queues.depths().inbound
    }

    /// Echo what was received, end the thread and wait for it.
    fn stop(&self, py: Python<'_>) {
        self.gate.set(true);
        self.queues.close();
        let thread = self.thread.lock().ok().and_then(|mut slot| slot.take());
        if let Some(thread) = thread {
            py.detach(|| thread.join())
                .expect("the echo thread does not panic");
        }
    }
}

impl Drop for EchoHost {
    /// Ends the thread; nobody is left to wait for it.
    fn drop(&mut self) {
        self.gate.set(true);
        self.queues.close();
    }
}

/// Open or shut; passing waits while it is shut.
struct Gate {
    open: Mutex<bool>,
    moved: Condvar,
}

impl Gate {
    fn new(open: bool) -> Self {
        Self {
            open: Mutex::new(open),
            moved: Condvar::new(),
        }
    }

    fn set(&self, open: bool) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = open;
        self.moved.notify_all();
    }

    fn pass(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = self.moved.wait_while(open, |open| !*open);
        drop(passed.unwrap_or_else(PoisonError::into_inner));
    }
}

/// Runs until the queues are closed.
fn echo(queues: &FrameQueues, gate: &Gate) {
    loop {
        gate.pass();
        let Ok(frames) = queues.receive(BATCH_FRAMES, IDLE) else {
            return;
        };
        for frame in frames {
            if queues.send_wait(frame, IDLE).is_err() {
                return;
            }
        }
    }
}

/// Adds what this file offers to the module.
///
/// # Errors
/// When Python has no memory for it.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<EchoHost>()
}
