//! `TestChain`: the contract machine over a ledger in memory, for the tests of
//! contracts and of the compiler. The same machine as on the executor; only
//! agreement, sealing and disks are missing. Conversion only: what runs is
//! `daicho_execution`.

use std::collections::{BTreeMap, BTreeSet};

use daicho_execution::{
    BlockExecutor, BlockInfo, Call, Contracts, MemoryLedger, Module, Outcome, Reading, Signer,
    Status, TIMER_GAS, TimerOutcome, TxContext, Visibility, Watch, run_query_watched,
    upgrade_problems, verify,
};
use daicho_types::ConsensusTime;
use daicho_types::ledger::Compartment;
use daicho_types::limits::FEED_VALUE_BYTES_MAX;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::rehearsal::Rehearsal;

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
#[derive(Clone, IntoPyObject)]
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
            name: outcome.name.into_owned(),
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

/// A feed's reading: feed, slot, time in µs, canonical bytes of the value.
type ReadingTuple = (u16, u64, u64, Vec<u8>);

/// What came of a timer.
#[derive(Clone, IntoPyObject)]
struct TimerDict {
    timer: [u8; 32],
    contract: u32,
    scheduled: u32,
    /// It gave a cursor and goes on in the next block.
    again: bool,
    outcome: OutcomeDict,
}

impl From<TimerOutcome> for TimerDict {
    fn from(ran: TimerOutcome) -> Self {
        Self {
            timer: ran.timer,
            contract: ran.contract,
            scheduled: ran.scheduled,
            again: ran.again,
            outcome: ran.outcome.into(),
        }
    }
}

/// What ran while a watch was on.
#[derive(IntoPyObject)]
struct WatchDict {
    /// (contract, function, pc) → line, of every instruction that ran.
    visited: BTreeMap<(u32, u16, u32), u32>,
    /// (contract, function, line) in the order they ran, of the last call.
    trace: Vec<(u32, u16, u32)>,
    /// The trace was longer than it may be.
    cut: bool,
}

impl From<Watch> for WatchDict {
    fn from(watch: Watch) -> Self {
        let visits = watch.visited().iter();
        let lines = watch.trace().iter();
        Self {
            visited: visits
                .map(|(c, f, pc, line)| ((*c, *f, *pc), *line))
                .collect(),
            trace: lines
                .map(|at| (at.contract, at.function, at.line))
                .collect(),
            cut: watch.is_cut(),
        }
    }
}

/// A chain of blocks in memory.
#[pyclass(module = "daicho._native")]
pub struct TestChain {
    pub contracts: Contracts,
    pub ledger: MemoryLedger,
    timers: Vec<TimerDict>,
    next_wakeup: ConsensusTime,
    watch: Option<Watch>,
}

#[pymethods]
impl TestChain {
    /// Its name is no test's, which pytest would collect.
    #[classattr]
    #[pyo3(name = "__test__")]
    const NO_TEST: bool = false;

    /// An empty ledger whose genesis has this time.
    #[new]
    fn new(genesis_us: u64) -> Self {
        Self {
            contracts: Contracts::new(),
            ledger: MemoryLedger::new(ConsensusTime(genesis_us)),
            timers: Vec::new(),
            next_wakeup: ConsensusTime(0),
            watch: None,
        }
    }

    /// Verify and install an artefact; its code hash. ValueError says what the
    /// verifier refuses. In the place of another version, as `upgrade`; ValueError
    /// when its migration fails.
    fn deploy(&mut self, contract: u32, artefact: Vec<u8>) -> PyResult<[u8; 32]> {
        if self.contracts.get(contract).is_some() {
            let outcome = self.upgrade(contract, artefact)?;
            if let Some(outcome) = outcome.filter(|outcome| outcome.code != 0) {
                let line = outcome.site.map_or(0, |(_, line, _)| line);
                let name = outcome.name;
                let reason = format!("the migration failed: {name} at line {line}");
                return Err(PyValueError::new_err(reason));
            }
            let installed = self.contracts.get(contract);
            return Ok(installed.expect("just installed").module().hash);
        }
        let installed = self.contracts.deploy(contract, &artefact);
        installed.map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Put an artefact in the place of an earlier version and run its migration in
    /// a block of its own, one microsecond after the last; what came of it, None
    /// where there is none. If it failed, the earlier version stays. ValueError
    /// when the verifier refuses it or an id changes its meaning.
    fn upgrade(&mut self, contract: u32, artefact: Vec<u8>) -> PyResult<Option<OutcomeDict>> {
        let refused = |reason: String| PyValueError::new_err(reason);
        let installed = self.contracts.get(contract);
        let installed = installed.ok_or_else(|| refused("no such contract".to_owned()))?;
        let module = Module::decode(&artefact).map_err(|error| refused(error.to_string()))?;
        let problems = upgrade_problems(installed.module(), &module);
        if !problems.is_empty() {
            return Err(refused(problems.join("; ")));
        }
        let verified = verify(&module).map_err(|error| refused(error.to_string()))?;
        let mut contracts = self.contracts.clone();
        contracts.insert(contract, verified);
        let info = self.info(ConsensusTime(self.ledger.time().0 + 1), [0; 32]);
        let mut block = BlockExecutor::new(&contracts, &self.ledger);
        if let Some(watch) = self.watch.take() {
            block.watch(watch);
        }
        let outcome = block.migrate(&info, contract);
        self.watch = block.take_watch();
        let wakeup = block.next_wakeup();
        let changes = block.finish();
        let failed = outcome
            .as_ref()
            .is_some_and(|it| it.status == Status::Failed);
        if outcome.is_some() {
            self.ledger.commit(info.time, &changes);
            self.next_wakeup = wakeup;
        }
        if !failed {
            self.contracts = contracts;
        }
        Ok(outcome.map(OutcomeDict::from))
    }

    /// Execute one block of calls at a time later than the block before. `feeds`:
    /// readings (feed, slot, time in µs, value bytes) that stand in its header.
    /// Timers that are due run first, as far as `timer_gas` goes. `seed`: what
    /// random values come from.
    #[pyo3(signature = (time_us, calls, feeds = Vec::new(), timer_gas = TIMER_GAS, seed = [0; 32]))]
    fn block(
        &mut self,
        time_us: u64,
        calls: Vec<CallDict>,
        feeds: Vec<ReadingTuple>,
        timer_gas: u64,
        seed: [u8; 32],
    ) -> PyResult<Vec<OutcomeDict>> {
        let time = ConsensusTime(time_us);
        if time <= self.ledger.time() {
            return Err(PyValueError::new_err("block times strictly increase"));
        }
        let readings = readings(feeds)?;
        let info = self.info(time, seed);
        let mut block = BlockExecutor::new(&self.contracts, &self.ledger);
        if let Some(watch) = self.watch.take() {
            block.watch(watch);
        }
        let timers = block.prologue(&info, &readings, timer_gas);
        self.timers = timers.into_iter().map(TimerDict::from).collect();
        let outcomes = (0u64..).zip(calls).map(|(sequence, item)| {
            let (context, call) = item.build(&info, sequence);
            block.execute(&context, &call).into()
        });
        let outcomes = outcomes.collect();
        self.watch = block.take_watch();
        self.next_wakeup = block.next_wakeup();
        let changes = block.finish();
        self.ledger.commit(time, &changes);
        Ok(outcomes)
    }

    /// Blocks of `size` calls each, to be rehearsed on the state as it then is.
    fn rehearsal(this: Py<Self>, py: Python<'_>, calls: Vec<CallDict>, size: usize) -> Rehearsal {
        let chain = this.borrow(py);
        let info = chain.info(ConsensusTime(chain.ledger.time().0 + 1), [0; 32]);
        drop(chain);
        let calls = (0u64..).zip(calls);
        let calls: Vec<_> = calls.map(|(at, item)| item.build(&info, at)).collect();
        let blocks = calls.chunks(size.max(1)).map(<[_]>::to_vec).collect();
        let chain = this;
        Rehearsal { chain, blocks }
    }

    /// What came of the timers that the last block ran, in order.
    fn timers(&self) -> Vec<TimerDict> {
        self.timers.clone()
    }

    /// When the next pending timer is due, in µs; 0 if none is pending.
    #[getter]
    fn next_wakeup(&self) -> u64 {
        self.next_wakeup.0
    }

    /// Record what runs from here on, from nothing; or stop and forget.
    fn watch(&mut self, on: bool) {
        self.watch = on.then(Watch::default);
    }

    /// What ran since `watch(True)` or the last `take_watch`; None when off. The
    /// watch stays on.
    fn take_watch(&mut self) -> Option<WatchDict> {
        self.watch
            .as_mut()
            .map(|watch| std::mem::take(watch).into())
    }

    /// Answer a query on the last block. `held`: compartments of the caller,
    /// 17 bytes each; None sees everything.
    fn query(&mut self, call: CallDict, held: Option<Vec<[u8; 17]>>) -> PyResult<OutcomeDict> {
        let visibility = match held {
            None => Visibility::All,
            Some(rows) => {
                let found: Option<BTreeSet<_>> = rows.iter().map(Compartment::from_bytes).collect();
                let refused = || PyValueError::new_err("17 bytes that name no compartment");
                Visibility::Only(found.ok_or_else(refused)?)
            }
        };
        let (height, time) = (self.ledger.height(), self.ledger.time());
        let seed = [0; 32];
        let (context, call) = call.build(&BlockInfo { height, time, seed }, 0);
        let (contracts, ledger) = (&self.contracts, &self.ledger);
        let watch = self.watch.as_mut();
        let outcome = run_query_watched(contracts, ledger, &context, &visibility, &call, watch);
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

impl TestChain {
    /// The next block.
    fn info(&self, time: ConsensusTime, seed: [u8; 32]) -> BlockInfo {
        let height = self.ledger.height().next();
        BlockInfo { height, time, seed }
    }
}

fn readings(feeds: Vec<ReadingTuple>) -> PyResult<Vec<Reading>> {
    let reading = |(feed, slot, time, bytes): ReadingTuple| {
        if bytes.len() > FEED_VALUE_BYTES_MAX {
            return Err(PyValueError::new_err("a reading is longer than it may be"));
        }
        let time = ConsensusTime(time);
        Ok(Reading {
            feed,
            slot,
            time,
            bytes,
        })
    };
    feeds.into_iter().map(reading).collect()
}

impl CallDict {
    /// `sequence`: the call's place in its block, so that two calls of one sender
    /// draw different random values.
    fn build(self, block: &BlockInfo, sequence: u64) -> (TxContext, Call) {
        let signer = |(party, roles)| Signer { party, roles };
        let context = TxContext {
            sender: signer(self.sender),
            alias: self.sender.0,
            tx_id: self.tx_id,
            cosigners: self.cosigners.into_iter().map(signer).collect(),
            lane: 0,
            sequence,
            height: block.height,
            time: block.time,
            seed: block.seed,
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
