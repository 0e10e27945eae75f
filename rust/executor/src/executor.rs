//! One block at a time: check, open, run, compute the root, seal, sign. The
//! caller makes the journal record durable between [`Executor::prepare`] and
//! [`Executor::take`], so that a signed result is never forgotten.

use std::collections::BTreeMap;
use std::sync::Arc;

use daicho_control::ControlOutcome;
use daicho_crypto::{
    Domain, ExecutorKeys, Secret, body_digest, chain_id, events_root, receipts_root,
    result_payload, seal_receipt, unwrap_epoch_secret,
};
use daicho_execution::{
    BlockExecutor, BlockInfo, Call as Run, Contracts, Outcome, Overlay, Reading, Status, TIMER_GAS,
    TimerOutcome,
};
use daicho_state::{
    AddressedEvent, BlockRef, KeyRing, Pending, Record, RecordError, State, decode_record,
    encode_record, seal_changes, seal_events,
};
use daicho_types::block::{
    BlockHeader, CommittedBlock, FeedReading, ResultCertificate, ResultStatement, ResultVote,
};
use daicho_types::codec::{Blob, Decode, Encode, List};
use daicho_types::control::Command;
use daicho_types::envelope::{Call, Envelope, Item};
use daicho_types::genesis::Genesis;
use daicho_types::ipc::{Executed, Halt, Hello};
use daicho_types::limits::{EVENTS_MAX, RESULT_WINDOW_HEIGHTS};
use daicho_types::result::{Event, Receipt, ReceiptStatus, ResultBody, SealedReceipt};
use daicho_types::{Alias, ChainId, Code, ConsensusTime, Digest, Epoch, Height, ReplicaId};

use crate::chain::{Chain, Checked};
use crate::nonces::Nonces;
use crate::opening::Opening;
use crate::past::Past;
use crate::trace::Traces;
use crate::upgrades::{Candidate, take_over};

/// The version of the execution rules, in every result.
pub const EXECUTION_VERSION: u16 = 1;
/// Bytes of an encoded result body. With its certificate it is one record of a
/// log and one frame between nodes. One call with all the gas there is stays
/// below; several in a block may not.
pub const RESULT_BODY_BYTES_MAX: usize = daicho_types::limits::FRAME_BYTES_MAX / 4 * 3;
/// Blocks an executor takes before it must grant more.
pub const CREDITS: u32 = 64;

/// Results of the past that are said again after a restart. Ordering runs at
/// most the result window ahead of what is certified, so nothing older can be
/// missing everywhere.
const RESULTS_KEPT: usize = 2 * RESULT_WINDOW_HEIGHTS as usize;

/// Execution stops here and the store stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halted {
    /// The height.
    pub height: Height,
    /// Why.
    pub code: Code,
    /// One line; never plaintext of the ledger.
    pub reason: String,
}

impl Halted {
    fn new(height: Height, code: Code, reason: impl std::fmt::Display) -> Self {
        Self {
            height,
            code,
            reason: reason.to_string(),
        }
    }

    /// As it travels.
    #[must_use]
    pub fn message(&self) -> Halt {
        let mut reason = self.reason.clone().into_bytes();
        reason.truncate(daicho_types::limits::MESSAGE_BYTES_MAX);
        Halt {
            height: self.height,
            code: self.code as u16,
            reason: Blob::new(reason).expect("truncated to the bound"),
        }
    }
}

/// A block that was run and whose effect is not yet taken.
#[derive(Debug)]
pub struct Prepared {
    /// Append and sync this first.
    pub record: Vec<u8>,
    executed: Executed,
    pending: Pending,
}

/// What a block came to.
#[derive(Debug)]
pub enum Step {
    /// Run: make the record durable, then [`Executor::take`] it.
    Run(Box<Prepared>),
    /// The store has it already; only the chain moved on. The result as it was
    /// signed then, if it may still be uncertified: the node may have lost it.
    Known(Option<Box<Executed>>),
}

/// An executor after some block.
#[derive(Debug)]
pub struct Executor {
    pub(crate) chain_id: ChainId,
    pub(crate) chain: Chain,
    pub(crate) state: State,
    pub(crate) contracts: Contracts,
    pub(crate) opening: Opening,
    pub(crate) certified: Height,
    pub(crate) nonces: Nonces,
    pub(crate) past: Past,
    pub(crate) traces: Traces,
    /// Results that the journal has and no certificate may cover yet.
    signed: BTreeMap<Height, Vec<u8>>,
    replica: ReplicaId,
    keys: ExecutorKeys,
}

impl Executor {
    /// The executor of node `replica`, with what its journal holds. Returns
    /// how many bytes of the journal are good: behind them lies a torn record.
    ///
    /// # Errors
    /// [`Halted`]: the keys are not those of the genesis, or the journal is
    /// damaged.
    pub fn open(
        genesis: &Genesis,
        replica: ReplicaId,
        keys: ExecutorKeys,
        journal: &[u8],
    ) -> Result<(Self, u64), Halted> {
        let start = |code, reason: &str| Halted::new(Height(0), code, reason);
        let chain = Chain::new(genesis).map_err(|reason| start(Code::Malformed, &reason))?;
        let node = genesis.nodes.get(usize::from(replica.0));
        let executor = node.and_then(|node| node.executor.as_ref());
        let executor =
            executor.ok_or_else(|| start(Code::Malformed, "genesis names no executor here"))?;
        if executor.result_key != keys.result.public() || executor.hpke_key != keys.seal.public() {
            return Err(start(
                Code::Signature,
                "the key file is not the one genesis names",
            ));
        }
        let epoch = Epoch(0);
        let secret = unwrap_epoch_secret(
            &keys.seal,
            epoch,
            &genesis.epoch_key,
            &executor.wrapped_secret,
        )
        .map_err(|error| start(Code::Seal, &error.to_string()))?;
        let ring = KeyRing::from_epoch_secret(&secret, epoch);
        let chain_id = chain_id(genesis);
        let mut state = State::new(ring.clone(), chain_id, genesis.time);
        let (good, signed) = replay(&mut state, &keys.store, journal)?;
        let opening = Opening::new(chain_id, epoch, ring.envelope().clone());
        let past = Past::new(chain.control());
        let executor = Self {
            chain_id,
            chain,
            state,
            contracts: Contracts::new(),
            opening,
            certified: Height(0),
            nonces: Nonces::default(),
            past,
            traces: Traces::default(),
            signed,
            replica,
            keys,
        };
        Ok((executor, good))
    }

    /// The first words to the node. The chain is followed from the start, so
    /// that the control state is this executor's own; blocks that the store
    /// has are not run again.
    ///
    /// # Panics
    /// When `sandbox` is longer than a message may be.
    #[must_use]
    pub fn hello(&self, sandbox: String) -> Hello {
        Hello {
            executed: self.chain.control().height(),
            block: self.state.last().digest,
            state_root: self.state.root(),
            credits: CREDITS,
            sandbox: Blob::new(sandbox.into_bytes()).expect("a short description"),
        }
    }

    /// The last executed height.
    #[must_use]
    pub fn height(&self) -> Height {
        self.state.height()
    }

    /// The state after it.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Checks the next block and runs it.
    ///
    /// # Errors
    /// [`Halted`] when the block is not one to execute, or differs from what
    /// the store holds at its height.
    pub fn prepare(&mut self, block: &CommittedBlock) -> Result<Step, Halted> {
        let height = block.header.height;
        let halt = |code, reason: &dyn std::fmt::Display| Halted::new(height, code, reason);
        let checked = self
            .chain
            .check(block)
            .map_err(|bad| halt(bad.code(), &bad))?;
        if let Some(certificate) = &block.header.result {
            self.certified(certificate)?;
        }
        if let Some((known, _)) = self.state.block_at(height) {
            if known.digest != checked.digest {
                return Err(halt(Code::Diverged, &"the store holds another block here"));
            }
            let (_, candidates) = self.follow(block, &checked);
            for candidate in candidates {
                if candidate.runs(&self.state, height) {
                    self.past
                        .note_code(height, candidate.contract(), candidate.code());
                    candidate.install(&mut self.contracts);
                }
            }
            return Ok(Step::Known(self.signed_before(height)));
        }
        let (runs, effects) = self.run_calls(&block.header, &checked);
        let (outcomes, candidates) = self.follow(block, &checked);
        let place = (&block.header, &checked);
        let spare: Vec<Ran> = runs.iter().map(Ran::without_effect).collect();
        let (mut runs, mut settled) = (Some(runs), None);
        for mut effect in effects {
            effect.upgrade(&candidates, &self.contracts, &self.state, &block.header);
            // Where no node could store or send what this block leads to, its calls
            // fail, and then its timers do not run, on every executor alike.
            let runs = runs.take().unwrap_or_else(|| spare.clone());
            settled = self.settle(place, runs, &effect, &outcomes)?;
            if settled.is_some() {
                if let Some(contracts) = effect.contracts {
                    self.contracts = contracts;
                    self.note_codes(height, &candidates);
                }
                break;
            }
        }
        let (body, pending, wakeup) = settled.ok_or_else(|| {
            let reason = "receipts alone are more than a result may hold";
            halt(Code::TooLarge, &reason)
        })?;
        let vote = self.sign(self.statement(&checked.digest, &body, &pending, wakeup));
        let executed = Executed { vote, body };
        let record = Record::of(&pending, executed.to_bytes());
        let record = encode_record(&self.keys.store, &record)
            .map_err(|error| halt(Code::TooLarge, &error))?;
        Ok(Step::Run(Box::new(Prepared {
            record,
            executed,
            pending,
        })))
    }

    /// The result body and the state after a block; `None` when they are more
    /// than a result may hold.
    fn settle(
        &self,
        (header, checked): (&BlockHeader, &Checked),
        runs: Vec<Ran>,
        effect: &Effect,
        outcomes: &[ControlOutcome],
    ) -> Result<Option<(ResultBody, Pending, ConsensusTime)>, Halted> {
        let reference = BlockRef {
            height: header.height,
            digest: checked.digest,
            time: header.time,
        };
        let pending = self.state.compute(reference, &effect.changes);
        let pending = pending.map_err(|error| Halted::new(header.height, Code::Damaged, error))?;
        let body = self.body((header, checked), runs, effect, outcomes, &pending);
        let fits = |body: &ResultBody| body.to_bytes().len() <= RESULT_BODY_BYTES_MAX;
        let settled = body.ok().filter(fits);
        Ok(settled.map(|body| (body, pending, effect.next_wakeup)))
    }

    /// The result of a block that an earlier life of this executor ran. Every
    /// executor may have signed a result and died before a node stored it: the
    /// journals are then the only place that has it.
    fn signed_before(&mut self, height: Height) -> Option<Box<Executed>> {
        let bytes = self.signed.remove(&height)?;
        Executed::from_bytes(&bytes).ok().map(Box::new)
    }

    /// Takes a prepared block whose record is durable; what to tell the node.
    #[must_use]
    pub fn take(&mut self, prepared: Prepared) -> Executed {
        self.state.commit(prepared.pending);
        prepared.executed
    }

    /// A result became certified: what it covers may be shown.
    ///
    /// # Errors
    /// [`Halted`] when a majority of executors came to another result.
    pub fn certified(&mut self, certificate: &ResultCertificate) -> Result<(), Halted> {
        let statement = &certificate.statement;
        let height = statement.height;
        let halt = |code, reason: &str| Halted::new(height, code, reason);
        let executors = self.chain.control().executors();
        executors
            .check_result(certificate)
            .map_err(|error| halt(Code::Uncertified, &error.to_string()))?;
        if self
            .state
            .root_at(height)
            .is_some_and(|own| own != statement.state_root)
        {
            return Err(halt(
                Code::Diverged,
                "a majority of executors signed another state root",
            ));
        }
        self.certified = self.certified.max(height);
        Ok(())
    }

    /// The chain moves on; what it deploys may take over.
    fn follow(
        &mut self,
        block: &CommittedBlock,
        checked: &Checked,
    ) -> (Vec<ControlOutcome>, Vec<Candidate>) {
        let outcomes = self.chain.follow(block, checked);
        let done = outcomes.iter().filter(|outcome| outcome.code == Code::Ok);
        for outcome in done.clone() {
            if let Item::Control(tx) = &checked.items[outcome.index as usize] {
                let alias = match &tx.command {
                    Command::Admit(record) => record.alias,
                    Command::Revoke(alias) => *alias,
                    Command::Deploy(_) | Command::SteerTime(_) => continue,
                };
                self.past.note_authority(self.chain.control(), alias);
            }
        }
        let deployed = done.filter_map(|outcome| match &checked.items[outcome.index as usize] {
            Item::Control(tx) => match &tx.command {
                Command::Deploy(deploy) => Candidate::of(deploy),
                _ => None,
            },
            Item::Sealed(_) => None,
        });
        let candidates = deployed.collect();
        (outcomes, candidates)
    }

    /// Keeps, of the versions that a block deployed, those that run after it.
    fn note_codes(&mut self, height: Height, candidates: &[Candidate]) {
        for candidate in candidates {
            let contract = candidate.contract();
            let running = self.contracts.code(contract);
            if running.is_some_and(|code| Arc::ptr_eq(code, &candidate.code())) {
                self.past.note_code(height, contract, candidate.code());
            }
        }
    }

    fn run_calls(&mut self, header: &BlockHeader, checked: &Checked) -> (Vec<Ran>, [Effect; 3]) {
        let info = info(&self.state, header);
        let seed = info.seed;
        let control = self.chain.control();
        let authority = |alias| control.authority(alias);
        let mut block = BlockExecutor::new(&self.contracts, &self.state);
        let nothing = Effect::of(&block, Vec::new());
        let timers = block.prologue(&info, &readings(header), TIMER_GAS);
        let timers_only = Effect::of(&block, timers);
        let mut runs = Vec::with_capacity(checked.items.len());
        for (item, tx_id) in checked.items.iter().zip(&checked.tx_ids) {
            runs.push(match item {
                Item::Control(_) => Ran::Control,
                Item::Sealed(envelope) => {
                    let opened = self
                        .opening
                        .open(envelope, *tx_id, header, &authority, seed);
                    let outcome = match &opened.call {
                        Ok((context, call)) => block.execute(context, &as_run(call)),
                        Err(code) => refused(*code),
                    };
                    Ran::Call(opened.session, Box::new(outcome))
                }
            });
        }
        let whole = Effect::of(&block, timers_only.timers.clone());
        (runs, [whole, timers_only, nothing])
    }

    fn body(
        &self,
        (header, checked): (&BlockHeader, &Checked),
        runs: Vec<Ran>,
        effect: &Effect,
        outcomes: &[ControlOutcome],
        pending: &Pending,
    ) -> Result<ResultBody, String> {
        let keys = self.state.keys();
        let (mut receipts, mut events) = (Vec::new(), Vec::new());
        // Timers and migrations have no place among the items: their events count
        // on behind.
        let timers = effect.timers.iter().map(|timer| &timer.outcome);
        for (index, outcome) in (header.items..).zip(timers.chain(&effect.migrations)) {
            events.extend(addressed(index, outcome));
        }
        let mut controls = outcomes.iter();
        for (index, ran) in (0u32..).zip(runs) {
            let place = index as usize;
            receipts.push(match (ran, &checked.items[place]) {
                (Ran::Call(session, outcome), Item::Sealed(envelope)) => {
                    events.extend(addressed(index, &outcome));
                    let receipt = receipt(header, index, checked.tx_ids[place], envelope, *outcome);
                    sealed(session.as_ref(), &receipt)
                }
                _ => {
                    let outcome = controls
                        .next()
                        .expect("one outcome per control transaction");
                    assert_eq!(outcome.index, index, "outcomes come in block order");
                    SealedReceipt {
                        sealed: Blob::default(),
                        control_code: outcome.code as u16,
                    }
                }
            });
        }
        let (digest, height) = (&checked.digest, header.height);
        let changes =
            seal_changes(keys, digest, height, &pending.changes()).map_err(|e| e.to_string())?;
        let events = seal_events(keys, digest, height, &events).map_err(|e| e.to_string())?;
        Ok(ResultBody {
            height,
            changes: List::new(changes).map_err(|e| e.to_string())?,
            receipts: List::new(receipts).map_err(|e| e.to_string())?,
            events: List::new(events).map_err(|e| e.to_string())?,
        })
    }

    fn statement(
        &self,
        block: &Digest,
        body: &ResultBody,
        pending: &Pending,
        next_wakeup: ConsensusTime,
    ) -> ResultStatement {
        ResultStatement {
            height: body.height,
            block: *block,
            state_root: pending.root(),
            receipts_root: receipts_root(&body.receipts),
            events_root: events_root(&body.events),
            body: body_digest(body),
            next_wakeup,
            execution_version: EXECUTION_VERSION,
        }
    }

    fn sign(&self, statement: ResultStatement) -> ResultVote {
        let payload = result_payload(&statement);
        let signature = self
            .keys
            .result
            .sign(Domain::SignResult, &self.chain_id, &payload);
        ResultVote {
            statement,
            replica: self.replica,
            signature,
        }
    }
}

/// What a block does to the ledger: all of it, its timers alone, or nothing.
struct Effect {
    changes: Vec<daicho_types::ledger::Change>,
    timers: Vec<TimerOutcome>,
    migrations: Vec<Outcome>,
    next_wakeup: ConsensusTime,
    /// The contracts from the next block on, where they change.
    contracts: Option<Contracts>,
}

impl Effect {
    fn of(block: &BlockExecutor<'_>, timers: Vec<TimerOutcome>) -> Self {
        Self {
            changes: block.changes(),
            timers,
            migrations: Vec::new(),
            next_wakeup: block.next_wakeup(),
            contracts: None,
        }
    }

    /// Lets what the block deployed take over at its end.
    fn upgrade(
        &mut self,
        candidates: &[Candidate],
        before: &Contracts,
        state: &State,
        header: &BlockHeader,
    ) {
        if candidates.is_empty() {
            return;
        }
        let mut overlay = Overlay::default();
        overlay.apply(&self.changes);
        let info = info(state, header);
        let (contracts, overlay, migrations) = take_over(candidates, before, state, overlay, &info);
        let block = BlockExecutor::over(&contracts, state, overlay);
        *self = Self {
            migrations,
            ..Self::of(&block, std::mem::take(&mut self.timers))
        };
        self.contracts = Some(contracts);
    }
}

/// What the contracts of a block may know of it.
pub(crate) fn info(state: &State, header: &BlockHeader) -> BlockInfo {
    BlockInfo {
        height: header.height,
        time: header.time,
        seed: state.keys().seed(header.height),
    }
}

/// The header's readings. A slot has the block's time until the control state
/// says when the slots of a feed begin; until then no header carries any.
pub(crate) fn readings(header: &BlockHeader) -> Vec<Reading> {
    let reading = |of: &FeedReading| Reading {
        feed: of.feed,
        slot: of.slot,
        time: header.time,
        bytes: of.value.to_vec(),
    };
    header.feeds.iter().map(reading).collect()
}

/// What became of an item.
#[derive(Clone)]
enum Ran {
    Control,
    Call(Option<Secret>, Box<Outcome>),
}

impl Ran {
    /// The same call, refused because its block came to too much.
    fn without_effect(&self) -> Self {
        match self {
            Self::Control => Self::Control,
            Self::Call(session, _) => {
                Self::Call(session.clone(), Box::new(refused(Code::TooLarge)))
            }
        }
    }
}

/// Replays the journal; how many bytes of it are good, and the last results.
fn replay(
    state: &mut State,
    key: &Secret,
    journal: &[u8],
) -> Result<(u64, BTreeMap<Height, Vec<u8>>), Halted> {
    let mut at = 0;
    let mut signed = BTreeMap::new();
    loop {
        let height = state.height().next();
        match decode_record(key, height, &journal[at..]) {
            Ok(None) | Err(RecordError::Torn(_)) => return Ok((at as u64, signed)),
            Ok(Some((record, bytes))) => {
                let applied = state.apply_record(&record);
                applied.map_err(|error| Halted::new(height, Code::Damaged, error))?;
                at += bytes;
                signed.insert(height, record.attachment);
                if signed.len() > RESULTS_KEPT {
                    signed.pop_first();
                }
            }
            Err(error) => return Err(Halted::new(height, error.code(), error)),
        }
    }
}

pub(crate) fn as_run(call: &Call) -> Run {
    Run {
        contract: call.contract.0,
        entry: call.entry,
        arguments: call.arguments.to_vec(),
    }
}

/// The outcome of a call that never began.
pub(crate) fn refused(code: Code) -> Outcome {
    Outcome {
        status: Status::Failed,
        code: code as u16,
        name: code.name().into(),
        gas_used: 0,
        steps: 0,
        result: Vec::new(),
        events: Vec::new(),
        changes: Vec::new(),
        site: None,
    }
}

pub(crate) fn event(event: &daicho_execution::Event) -> Event {
    Event {
        contract: daicho_types::ContractId(event.contract),
        kind: event.id,
        data: Blob::new(event.bytes.clone()).unwrap_or_default(),
    }
}

fn addressed(index: u32, outcome: &Outcome) -> Vec<AddressedEvent> {
    let mut out = Vec::new();
    for emitted in &outcome.events {
        for addressee in &emitted.addressees {
            let addressee = addressee.to_bytes();
            out.push(AddressedEvent {
                addressee,
                index,
                event: event(emitted),
            });
        }
    }
    out
}

pub(crate) fn receipt(
    header: &BlockHeader,
    index: u32,
    tx_id: Digest,
    envelope: &Envelope,
    outcome: Outcome,
) -> Receipt {
    let sender: Alias = envelope.header.sender;
    let events = outcome.events.iter().take(EVENTS_MAX).map(event).collect();
    Receipt {
        tx_id,
        sender,
        lane: envelope.header.lane,
        sequence: envelope.header.sequence,
        height: header.height,
        index,
        block_time: header.time,
        status: match outcome.status {
            Status::Ok => ReceiptStatus::Ok,
            Status::Failed => ReceiptStatus::Failed,
        },
        code: Blob::new(outcome.name.into_owned().into_bytes()).expect("names of codes are short"),
        gas_used: outcome.gas_used,
        steps: outcome.steps,
        result: Blob::new(outcome.result).unwrap_or_default(),
        events: List::new(events).expect("taken up to the bound"),
    }
}

/// Seals a receipt to its sender. A receipt that no size class holds goes
/// without its events: they stand in the event chunks all the same.
pub(crate) fn sealed(session: Option<&Secret>, receipt: &Receipt) -> SealedReceipt {
    let seal = |receipt: &Receipt| session.and_then(|s| seal_receipt(s, &receipt.tx_id, receipt));
    let bytes = seal(receipt).or_else(|| {
        seal(&Receipt {
            events: List::default(),
            ..receipt.clone()
        })
    });
    SealedReceipt {
        sealed: Blob::new(bytes.unwrap_or_default()).expect("bounded by the size classes"),
        control_code: 0,
    }
}
