//! A block over one view: the prologue writes the readings and runs the timers
//! that are due, then the calls run in order. Each sees what those before it
//! changed; a failed one leaves no trace but its outcome (docs/bytecode.md, §11).

use daicho_types::ledger::{Change, Compartment, StateView};
use daicho_types::limits::{ARGUMENT_BYTES_MAX, BLOCK_GAS_MAX, GAS_LIMIT_LARGE, GAS_LIMIT_SMALL};
use daicho_types::{ConsensusTime, Height, RowBytes, roles};

use crate::context::{Call, Outcome, Signer, Status, TxContext, Visibility};
use crate::contracts::{Contracts, find_scheduled};
use crate::execute::{Called, execute, refused};
use crate::journal::{Journal, Moment, Overlay};
use crate::key::table_prefix;
use crate::limits::{BLOCK_TIMERS_MAX, SCAN_CHUNK_ROWS, TIMER_GAS_PERCENT};
use crate::reserved::{self, Reading, Timer, TimerId, contract_party};
use crate::trap::Trap;
use crate::watch::Watch;

/// The gas that the timers of one block may use.
pub const TIMER_GAS: u64 = BLOCK_GAS_MAX / 100 * TIMER_GAS_PERCENT;
const _: () = assert!(
    TIMER_GAS >= GAS_LIMIT_LARGE,
    "every timer fits an idle block"
);

/// What of a block's header its execution depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockInfo {
    /// Its height.
    pub height: Height,
    /// Its header time.
    pub time: ConsensusTime,
    /// Its random seed.
    pub seed: [u8; 32],
}

/// What came of a timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimerOutcome {
    /// Its id.
    pub timer: TimerId,
    /// The contract that set it.
    pub contract: u32,
    /// The scheduled function's id.
    pub scheduled: u32,
    /// Whether it gave a cursor and goes on in the next block.
    pub again: bool,
    /// As of any call.
    pub outcome: Outcome,
}

/// Executes one block.
pub struct BlockExecutor<'a> {
    contracts: &'a Contracts,
    view: &'a dyn StateView,
    overlay: Overlay,
    watch: Option<Watch>,
}

impl<'a> BlockExecutor<'a> {
    /// Starts on the state after the block before.
    #[must_use]
    pub fn new(contracts: &'a Contracts, view: &'a dyn StateView) -> Self {
        Self::over(contracts, view, Overlay::default())
    }

    /// Goes on with a block that was left with [`BlockExecutor::into_overlay`].
    #[must_use]
    pub fn over(contracts: &'a Contracts, view: &'a dyn StateView, overlay: Overlay) -> Self {
        Self {
            contracts,
            view,
            overlay,
            watch: None,
        }
    }

    /// Leaves the block open: what it has changed so far.
    #[must_use]
    pub fn into_overlay(self) -> Overlay {
        self.overlay
    }

    /// Records from here on what runs.
    pub fn watch(&mut self, watch: Watch) {
        self.watch = Some(watch);
    }

    /// Stops recording; what was recorded.
    pub fn take_watch(&mut self) -> Option<Watch> {
        self.watch.take()
    }

    /// Runs the next call.
    pub fn execute(&mut self, tx: &TxContext, call: &Call) -> Outcome {
        self.run(tx, Called::Entry(call))
    }

    /// Writes the block's readings, then runs due timers in order while the next
    /// one's gas limit fits what is left of `gas_budget`.
    ///
    /// # Panics
    /// If a call ran before it: timers see the state of the block before.
    pub fn prologue(
        &mut self,
        block: &BlockInfo,
        readings: &[Reading],
        gas_budget: u64,
    ) -> Vec<TimerOutcome> {
        assert!(self.overlay.is_empty(), "the prologue comes first");
        for reading in readings {
            let key = reserved::feed_key(reading.feed);
            self.overlay
                .put(Compartment::Public, key, Some(reading.row().into()));
        }
        let mut budget = gas_budget;
        let mut outcomes = Vec::new();
        for (id, row) in self.due(block.time) {
            // An earlier timer of this block may have cancelled it.
            if !self.is_pending(&id) {
                continue;
            }
            let timer = Timer::from_row(&row);
            let gas_limit = timer.as_ref().map_or(GAS_LIMIT_SMALL, |t| self.limit(t));
            if gas_limit > budget {
                break;
            }
            let ran = self.run_timer(block, id, timer.ok(), gas_limit);
            budget -= ran.outcome.gas_used;
            outcomes.push(ran);
        }
        outcomes
    }

    /// Pending timers that are due, in the order of their keys.
    fn due(&self, time: ConsensusTime) -> Vec<(TimerId, RowBytes)> {
        let mut lo = table_prefix(reserved::CONTRACT, reserved::TIMERS);
        let mut hi = lo.clone();
        match time.0.checked_add(1) {
            Some(after) => hi.extend(after.to_be_bytes()),
            None => hi.extend([0xFF; 33]),
        }
        let mut found = Vec::new();
        while found.len() < BLOCK_TIMERS_MAX {
            let limit = SCAN_CHUNK_ROWS.min(BLOCK_TIMERS_MAX - found.len());
            let rows = self.view.scan(Compartment::Administrator, &lo, &hi, limit);
            let more = rows.len() == limit;
            for (key, row) in rows {
                found.push((timer_id(&key), row));
                lo = key.to_vec();
            }
            if !more {
                break;
            }
            lo.push(0);
        }
        found
    }

    fn limit(&self, timer: &Timer) -> u64 {
        let contract = self.contracts.get(timer.contract);
        let scheduled = contract
            .and_then(|contract| find_scheduled(&contract.module().scheduled, timer.scheduled));
        scheduled.map_or(GAS_LIMIT_SMALL, |scheduled| scheduled.gas.limit())
    }

    fn is_pending(&self, id: &TimerId) -> bool {
        let journal = Journal::new(self.view, &self.overlay, &Visibility::All);
        let key = reserved::timer_key(id);
        let row = journal.get(Moment::Now, Compartment::Administrator, &key);
        row.is_some()
    }

    fn run_timer(
        &mut self,
        block: &BlockInfo,
        id: TimerId,
        timer: Option<Timer>,
        gas_limit: u64,
    ) -> TimerOutcome {
        let key = reserved::timer_key(&id);
        self.overlay
            .put(Compartment::Administrator, key.clone(), None);
        let mut ran = TimerOutcome {
            timer: id,
            contract: reserved::timer_contract(&id),
            scheduled: 0,
            again: false,
            outcome: refused(Trap::State),
        };
        let Some(mut timer) = timer else {
            return ran;
        };
        ran.scheduled = timer.scheduled;
        let call = Call {
            contract: timer.contract,
            entry: timer.scheduled,
            arguments: [timer.arguments.as_slice(), &timer.cursor].concat(),
        };
        let tx = own_context(block, timer.contract, 0, id, gas_limit);
        ran.outcome = self.call(&tx, Called::Timer(&call));
        ran.again = ran.outcome.status == Status::Ok && ran.outcome.result.first() == Some(&1);
        if ran.again {
            timer.cursor.clone_from(&ran.outcome.result);
            if timer.arguments.len() + timer.cursor.len() > ARGUMENT_BYTES_MAX {
                ran.again = false;
                ran.outcome = Outcome {
                    gas_used: ran.outcome.gas_used,
                    steps: ran.outcome.steps,
                    ..refused(Trap::Length)
                };
            }
        }
        self.overlay.apply(&ran.outcome.changes);
        if ran.again {
            self.overlay
                .put(Compartment::Administrator, key, Some(timer.row().into()));
        }
        ran
    }

    /// Runs the migration of a contract whose new version has just taken over;
    /// `None` if it declares none.
    pub fn migrate(&mut self, block: &BlockInfo, contract: u32) -> Option<Outcome> {
        let module = self.contracts.get(contract)?.module();
        module.migration?;
        let mut id = blake3::Hasher::new_derive_key("daicho v1 contract migration");
        id.update(&contract.to_le_bytes()).update(&module.hash);
        let id = id.finalize().into();
        let tx = own_context(block, contract, roles::ADMINISTRATOR, id, GAS_LIMIT_LARGE);
        Some(self.run(&tx, Called::Migration(contract)))
    }

    /// Writes down that this is the code of a contract that runs from now on.
    ///
    /// # Panics
    /// When no such contract is there.
    pub fn activate(&mut self, contract: u32) {
        let code = self.contracts.get(contract).expect("it takes over now");
        let row = reserved::code_row(&code.module().hash);
        let key = reserved::code_key(contract);
        self.overlay.put(Compartment::Public, key, Some(row.into()));
    }

    fn run(&mut self, tx: &TxContext, called: Called<'_>) -> Outcome {
        let outcome = self.call(tx, called);
        self.overlay.apply(&outcome.changes);
        outcome
    }

    fn call(&mut self, tx: &TxContext, called: Called<'_>) -> Outcome {
        let watch = self.watch.as_mut();
        let outcome = execute(self.contracts, self.view, &self.overlay, tx, called, watch);
        assert!(
            outcome.status == Status::Ok || outcome.changes.is_empty(),
            "a failed call changes nothing"
        );
        outcome
    }

    /// The least due time of all timers that are pending now; 0 if none.
    #[must_use]
    pub fn next_wakeup(&self) -> ConsensusTime {
        let lo = table_prefix(reserved::CONTRACT, reserved::TIMERS);
        let hi = table_prefix(reserved::CONTRACT, reserved::TIMERS + 1);
        let journal = Journal::new(self.view, &self.overlay, &Visibility::All);
        let mut rows = journal.scan(Moment::Now, Compartment::Administrator, &lo, &hi);
        let first = rows.find(|(_, row)| row.is_some());
        first.map_or(ConsensusTime(0), |(key, _)| {
            ConsensusTime(reserved::timer_due(&timer_id(&key)))
        })
    }

    /// The net changes so far, ascending by compartment and key.
    #[must_use]
    pub fn changes(&self) -> Vec<Change> {
        self.overlay.changes(self.view)
    }

    /// The block's net changes, ascending by compartment and key.
    #[must_use]
    pub fn finish(self) -> Vec<Change> {
        self.changes()
    }
}

/// The last 32 bytes of a timer's key.
fn timer_id(key: &[u8]) -> TimerId {
    let id = key.last_chunk().copied();
    id.expect("only the machine writes timers, each under its id")
}

/// The context of what a contract does by itself.
fn own_context(
    block: &BlockInfo,
    contract: u32,
    roles: u32,
    tx_id: [u8; 32],
    gas_limit: u64,
) -> TxContext {
    TxContext {
        sender: Signer {
            party: contract_party(contract),
            roles,
        },
        // Random values differ from timer to timer, and from any transaction's.
        alias: *tx_id.last_chunk().expect("sixteen of thirty-two bytes"),
        tx_id,
        cosigners: Vec::new(),
        lane: u32::MAX,
        sequence: u64::MAX,
        height: block.height,
        time: block.time,
        seed: block.seed,
        gas_limit,
    }
}
