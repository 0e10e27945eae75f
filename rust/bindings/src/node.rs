//! `daicho._native.NodeHost`: a running node as Python sees it.

use std::sync::{Arc, Mutex, PoisonError};

use daicho_crypto::SigningKey;
use daicho_host::child::ExecutorCommand;
use daicho_host::frames::{FrameQueues, QueueBound};
use daicho_host::{Refused, Runner, Setup, SocketRole};
use daicho_types::ReplicaId;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::path::PathBuf;

/// Frames and bytes that may wait from one socket.
const LANE: QueueBound = QueueBound {
    frames: 8_192,
    bytes: 64 * 1024 * 1024,
};
/// Frames and bytes that may wait to be sent.
const WAY_OUT: QueueBound = QueueBound {
    frames: 131_072,
    bytes: 512 * 1024 * 1024,
};

/// Adds what this file exposes to `daicho._native`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<NodeHost>()?;
    module.add_function(wrap_pyfunction!(replay, module)?)
}

/// A node in its folder, between the pump's capsule and its executor.
#[pyclass(module = "daicho._native")]
struct NodeHost {
    frames: Arc<FrameQueues>,
    runner: Mutex<Runner>,
}

fn role(text: &str) -> PyResult<SocketRole> {
    use daicho_host::Link;
    let unknown = || PyValueError::new_err(format!("{text:?} is no role of a socket"));
    let mut words = text.split('/');
    match (words.next(), words.next(), words.next()) {
        (Some("gateway"), None, None) => Ok(SocketRole::Gateway),
        (Some("peer"), Some(number), Some(link)) => {
            let peer = ReplicaId(number.parse().map_err(|_| unknown())?);
            match link {
                "consensus" => Ok(SocketRole::Peer(peer, Link::Consensus)),
                "bulk" => Ok(SocketRole::Peer(peer, Link::Bulk)),
                _ => Err(unknown()),
            }
        }
        _ => Err(unknown()),
    }
}

#[pymethods]
impl NodeHost {
    /// Recovers the node in `home` and starts its thread. `sockets` names the
    /// pump's sockets in order: `gateway` or `peer/N/consensus|bulk`;
    /// `executor` is None or (program, home, log file).
    #[new]
    #[pyo3(signature = (*, home, genesis, genesis_path, replica, vote_seed, sockets, executor, boot, fresh, clock_offset_us = 0))]
    #[expect(clippy::too_many_arguments, reason = "keywords on Python's side")]
    fn new(
        home: PathBuf,
        genesis: Vec<u8>,
        genesis_path: PathBuf,
        replica: u16,
        vote_seed: [u8; 32],
        sockets: Vec<String>,
        executor: Option<(PathBuf, PathBuf, PathBuf)>,
        boot: u64,
        fresh: bool,
        clock_offset_us: i64,
    ) -> PyResult<Self> {
        let roles = sockets
            .iter()
            .map(|text| role(text))
            .collect::<PyResult<Vec<_>>>()?;
        let frames = Arc::new(FrameQueues::new(&vec![LANE; roles.len()], WAY_OUT)?);
        let replica = ReplicaId(replica);
        let executor = executor.map(|(program, home, log)| ExecutorCommand {
            program,
            home,
            genesis: genesis_path,
            replica,
            log,
        });
        let setup = Setup {
            home,
            genesis,
            replica,
            key: SigningKey::from_seed(&vote_seed),
            sockets: roles,
            executor,
            boot,
            fresh,
            clock_offset_us,
        };
        let runner = Runner::start(setup, Arc::clone(&frames)).map_err(PyValueError::new_err)?;
        Ok(Self {
            frames,
            runner: Mutex::new(runner),
        })
    }

    /// The `daicho.frames.v1` capsule for the pump.
    fn capsule<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        crate::frames::capsule(py, &self.frames)
    }

    /// The status document, JSON.
    fn status(&self) -> String {
        self.with(Runner::status)
    }

    /// Whether a raw 32-byte CURVE key may connect to the gateway.
    fn admits(&self, key: [u8; 32]) -> bool {
        self.with(|runner| runner.admits(&key))
    }

    /// Notes a connection that was turned away: its ZAP domain, where it came
    /// from, and the key it showed in hex.
    fn note_refused(&self, domain: String, address: String, key: String) {
        self.with(|runner| {
            runner.note_refused(Refused {
                domain,
                address,
                key,
            });
        });
    }

    /// Why the node ended by itself, or None.
    fn fatal(&self) -> Option<String> {
        self.with(Runner::fatal)
    }

    /// Ends the node's thread and its executor.
    fn stop(&self, py: Python<'_>) {
        py.detach(|| {
            self.runner
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .stop();
        });
    }
}

impl NodeHost {
    fn with<T>(&self, ask: impl FnOnce(&Runner) -> T) -> T {
        ask(&self.runner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Executes the log in `home` from genesis with an executor whose home holds
/// keys and no store. Returns (height, state root, results compared, first
/// height that differs or None).
#[pyfunction]
#[pyo3(signature = (*, home, genesis_path, replica, program, executor_home, log))]
fn replay(
    py: Python<'_>,
    home: PathBuf,
    genesis_path: PathBuf,
    replica: u16,
    program: PathBuf,
    executor_home: PathBuf,
    log: PathBuf,
) -> PyResult<(u64, [u8; 32], u64, Option<u64>)> {
    let command = ExecutorCommand {
        program,
        home: executor_home,
        genesis: genesis_path,
        replica: ReplicaId(replica),
        log,
    };
    let done = py.detach(|| daicho_host::replay(&home, &command));
    let done = done.map_err(PyValueError::new_err)?;
    let differs = done.differs.map(|height| height.0);
    Ok((done.height.0, done.state_root.0, done.compared, differs))
}
