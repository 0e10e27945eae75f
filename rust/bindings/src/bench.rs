//! `daicho._native.Work`: what `bench/` and `daicho bench` measure natively.
//! Python takes the time of many rounds; nothing here reads a clock.

use std::sync::{Mutex, PoisonError};

use daicho_crypto::Secret;
use daicho_host::bench;
use daicho_state::{BlockRef, KeyRing, State};
use daicho_types::ledger::{Change, Compartment};
use daicho_types::{ConsensusTime, Digest, Epoch, Height, RowKey};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Compartments that the rows of the state are spread over.
const COMPARTMENTS: u64 = 24;
/// Steps through the rows so that neighbours in time are none in the tree.
const STRIDE: u64 = 0x9E37_79B9_7F4A_7C15;

/// Adds what this file exposes to `daicho._native`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("AGREEMENT_ROUNDS_MAX", bench::AGREEMENT_ROUNDS_MAX)?;
    module.add_class::<Work>()
}

/// A prepared work, done as often as asked with the GIL released.
#[pyclass(frozen, module = "daicho._native")]
struct Work(Mutex<bench::Work>);

#[pymethods]
impl Work {
    /// `batch` things a round; `rows` stand in the state before (state only).
    #[new]
    #[pyo3(signature = (name, batch, rows = 0))]
    fn new(py: Python<'_>, name: &str, batch: usize, rows: u64) -> PyResult<Self> {
        if batch == 0 || batch > daicho_types::limits::BLOCK_ITEMS_MAX {
            return Err(PyValueError::new_err("a batch is 1 to a block's items"));
        }
        let prepared = py.detach(|| match name {
            "state" => Some(state(rows.max(1), batch as u64)),
            _ => bench::prepare(name, batch),
        });
        let unknown = || PyValueError::new_err(format!("{name:?} is no work"));
        prepared
            .map(|work| Self(Mutex::new(work)))
            .ok_or_else(unknown)
    }

    /// Does it `rounds` times.
    fn run(&self, py: Python<'_>, rounds: u64) {
        py.detach(|| self.0.lock().unwrap_or_else(PoisonError::into_inner)(rounds));
    }
}

/// Blocks of `batch` changed rows on a state of `rows`: compute and commit.
fn state(rows: u64, batch: u64) -> bench::Work {
    let keys = KeyRing::from_epoch_secret(&Secret::new([1; 32]), Epoch(0));
    let mut state = State::new(keys, Digest([1; 32]), ConsensusTime(0));
    let all: Vec<_> = (0..rows).map(|row| change(row, 0)).collect();
    apply(&mut state, &all);
    let mut step = 0u64;
    Box::new(move |rounds| {
        for _ in 0..rounds {
            let drawn = (step..step + batch).map(|at| at.wrapping_mul(STRIDE) % rows);
            let rows: std::collections::BTreeSet<_> = drawn.collect();
            let changes: Vec<_> = rows.iter().map(|row| change(*row, step)).collect();
            apply(&mut state, &changes);
            step += batch;
        }
    })
}

fn apply(state: &mut State, changes: &[Change]) {
    let height = Height(state.height().0 + 1);
    let block = BlockRef {
        height,
        digest: Digest([2; 32]),
        time: ConsensusTime(height.0),
    };
    let pending = state.compute(block, changes).expect("the next block");
    state.commit(pending);
}

fn change(row: u64, value: u64) -> Change {
    let owner = (row % COMPARTMENTS).to_le_bytes().repeat(2);
    let spread = row.wrapping_mul(STRIDE).to_be_bytes();
    Change {
        compartment: Compartment::Register(owner.try_into().expect("sixteen bytes")),
        key: RowKey::new(&[&[0, 0, 0, 1, 0, 2], &spread[..], &row.to_be_bytes()].concat()),
        value: Some(value.to_le_bytes().repeat(5).into()),
    }
}
