//! `daicho._native.Rehearsal`: blocks of calls that run as often as asked on the last
//! state of a test chain, and are never kept. What `bench/` measures of the machine
//! alone: calls are there as bytes before, outcomes stay where they are.

use daicho_execution::{BlockExecutor, Call, Status, TxContext};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::contract_vm::TestChain;

/// Adds what this file exposes to `daicho._native`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Rehearsal>()
}

/// Blocks that are rehearsed on one chain.
#[pyclass(frozen, module = "daicho._native")]
pub struct Rehearsal {
    pub chain: Py<TestChain>,
    pub blocks: Vec<Vec<(TxContext, Call)>>,
}

#[pymethods]
impl Rehearsal {
    /// Run every block once, each on the same state, with the GIL released; the
    /// instructions that were begun. ValueError names the first call that fails.
    fn run(&self, py: Python<'_>) -> PyResult<u64> {
        let chain = self.chain.borrow(py);
        let (contracts, ledger) = (&chain.contracts, &chain.ledger);
        let ran = py.detach(|| {
            let mut steps = 0;
            for block in &self.blocks {
                let mut executor = BlockExecutor::new(contracts, ledger);
                for (context, call) in block {
                    let outcome = executor.execute(context, call);
                    if outcome.status == Status::Failed {
                        return Err(outcome.name);
                    }
                    steps += outcome.steps;
                }
            }
            Ok(steps)
        });
        ran.map_err(|name| PyValueError::new_err(format!("a call failed: {name}")))
    }
}
