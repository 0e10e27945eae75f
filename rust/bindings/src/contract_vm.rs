//! `TestChain`: the contract machine over a ledger in memory, for the tests of
//! contracts and of the compiler. The same machine as on the executor; only
//! agreement, sealing and disks are missing. Conversion only: what runs is
//! `daicho_execution`.

use std::collections::BTreeSet;

use daicho_execution::{
    BlockExecutor, Call, Contracts, MemoryLedger, Outcome, Signer, TxContext, Visibility, run_query,
};
use daicho_types::ConsensusTime;
use daicho_types::Height;
use daicho_types::ledger::Compartment;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Adds what this file exposes to `daicho._native`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<TestChain>()
}

/// One call of an entry point or a query, as Python hands it over.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct CallDict {
    contract: u32,
    entry: u32,
    arguments: Vec<u8>,
    sender: ([u8; 16], u32),
    cosigners: Vec<([u8; 16], u32)>,
    tx_id: [u8; 32],
    gas_limit: u64,
}

/// An event: contract, event id, addressees (17 bytes each), record bytes.
type EventTuple = (u32, u16, Vec<[u8; 17]>, Vec<u8>);

/// What came of a call.
#[derive(IntoPyObject)]
struct OutcomeDict {
    code: u16,
    name: String,
    gas_used: u64,
    steps: u64,
    result: Vec<u8>,
    events: Vec<EventTuple>,
    /// Contract, line and column (from 0) where it failed.
    site: Option<(u32, u32, u16)>,
}

impl From<Outcome> for OutcomeDict {
    fn from(outcome: Outcome) -> Self {
        let events = outcome.events.into_iter().map(|event| {
            let addressees = event.addressees.into_iter().map(Compartment::to_bytes);
            (event.contract, event.id, addressees.collect(), event.bytes)
        });
        Self {
            code: outcome.code,
            name: outcome.name,
            gas_used: outcome.gas_used,
            steps: outcome.steps,
            result: outcome.result,
            events: events.collect(),
            site: outcome
                .site
                .map(|site| (site.contract, site.line, site.column)),
        }
    }
}

/// A chain of blocks in memory.
#[pyclass(module = "daicho._native")]
struct TestChain {
    contracts: Contracts,
    ledger: MemoryLedger,
}

#[pymethods]
impl TestChain {
    /// An empty ledger whose genesis has this time.
    #[new]
    fn new(genesis_us: u64) -> Self {
        Self {
            contracts: Contracts::new(),
            ledger: MemoryLedger::new(ConsensusTime(genesis_us)),
        }
    }

    /// Verify and install an artefact; its code hash. ValueError says what the
    /// verifier refuses.
    fn deploy(&mut self, contract: u32, artefact: Vec<u8>) -> PyResult<[u8; 32]> {
        let installed = self.contracts.deploy(contract, &artefact);
        installed.map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Execute one block of calls at a time later than the block before.
    fn block(&mut self, time_us: u64, calls: Vec<CallDict>) -> PyResult<Vec<OutcomeDict>> {
        let time = ConsensusTime(time_us);
        if time <= self.ledger.time() {
            return Err(PyValueError::new_err("block times strictly increase"));
        }
        let height = self.ledger.height().next();
        let mut block = BlockExecutor::new(&self.contracts, &self.ledger);
        let outcomes = calls.into_iter().map(|item| {
            let (context, call) = item.build(height, time);
            block.execute(&context, &call).into()
        });
        let outcomes = outcomes.collect();
        let changes = block.finish();
        self.ledger.commit(time, &changes);
        Ok(outcomes)
    }

    /// Answer a query on the last block. `held`: compartments of the caller,
    /// 17 bytes each; None sees everything.
    fn query(&self, call: CallDict, held: Option<Vec<[u8; 17]>>) -> PyResult<OutcomeDict> {
        let visibility = match held {
            None => Visibility::All,
            Some(rows) => {
                let found: Option<BTreeSet<_>> = rows.iter().map(Compartment::from_bytes).collect();
                let refused = || PyValueError::new_err("17 bytes that name no compartment");
                Visibility::Only(found.ok_or_else(refused)?)
            }
        };
        let (context, call) = call.build(self.ledger.height(), self.ledger.time());
        let outcome = run_query(&self.contracts, &self.ledger, &context, &visibility, &call);
        Ok(outcome.into())
    }

    /// The last height.
    #[getter]
    fn height(&self) -> u64 {
        self.ledger.height().0
    }

    /// The time of the last block.
    #[getter]
    fn time_us(&self) -> u64 {
        self.ledger.time().0
    }

    /// Every row: compartment (17 bytes), key, value; ascending.
    fn rows(&self) -> Vec<([u8; 17], Vec<u8>, Vec<u8>)> {
        let rows = self.ledger.rows();
        rows.map(|(compartment, key, value)| (compartment.to_bytes(), key.to_vec(), value.to_vec()))
            .collect()
    }
}

impl CallDict {
    fn build(self, height: Height, time: ConsensusTime) -> (TxContext, Call) {
        let signer = |(party, roles)| Signer { party, roles };
        let context = TxContext {
            sender: signer(self.sender),
            alias: self.sender.0,
            tx_id: self.tx_id,
            cosigners: self.cosigners.into_iter().map(signer).collect(),
            lane: 0,
            sequence: 0,
            height,
            time,
            seed: [0; 32],
            gas_limit: self.gas_limit,
        };
        let call = Call {
            contract: self.contract,
            entry: self.entry,
            arguments: self.arguments,
        };
        (context, call)
    }
}
