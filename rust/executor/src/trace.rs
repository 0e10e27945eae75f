//! Traces: a committed transaction run once more, watched, and told line by line.
//!
//! ```text
//! Question::Trace ─► waiting ─► Fetch(height) ─► node ─► Past(block, result)
//!     answer ◄─ who sees what ◄─ equal receipt? ◄─ re-run ◄─ same digests?
//! ```
//!
//! The re-run stands on the rows after the block before, with the code and the
//! authorities of that time ([`crate::past`]), on an overlay that is dropped. What
//! the node hands back is believed only as far as this executor's own digest of
//! the block and the result certificate go, and what the re-run shows only if its
//! receipt is the certified one, byte for byte.
//!
//! **Who sees what.** Touched is every compartment of which the transaction read,
//! scanned or wrote a row, found or not, kept or reverted, and every addressee of
//! its events. Who holds all of them sees everything; of what touched nothing but
//! public rows only its signers do, since the call itself is theirs. A signer, the
//! sender or a co-signer, who lacks one sees the code and the failing line. For
//! everybody else, the answer is that of a transaction that does not exist.
//!
//! **Time.** A trace re-runs at most one block: `BLOCK_GAS_MAX` of calls and
//! `TIMER_GAS` of timers, as long as that block once took, and no block is executed
//! meanwhile. One block is fetched at a time and comes behind the blocks that the
//! node has sent by then, so that traces take turns with blocks. A caller who is
//! neither signer nor administrator waits for the whole block, whatever it asks
//! for in it: how long an answer takes tells of the block, and of a transaction in
//! it no more than what watching it adds. The node learns that somebody asks for a
//! transaction of that height, and how long the answer took.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use daicho_crypto::body_digest;
use daicho_execution::{
    AtHeight, BlockExecutor, Contracts, Outcome, Status, TIMER_GAS, Visibility, Watch,
};
use daicho_types::block::BlockHeader;
use daicho_types::codec::{Blob, Encode, List};
use daicho_types::envelope::{Envelope, Item};
use daicho_types::ipc::{Answer, Past, PastBlock};
use daicho_types::ledger::Compartment;
use daicho_types::limits::{
    EVENTS_MAX, TRACE_CONTRACTS_MAX, TRACE_FUNCTIONS_MAX, TRACE_LINES_MAX, TRACES_WAITING_MAX,
};
use daicho_types::result::{ReceiptStatus, SealedReceipt};
use daicho_types::trace::{
    Trace, TraceQuestion, TracedContract, TracedFunction, TracedLine, TracedPlace, WholeTrace,
};
use daicho_types::{Code, ContractId, Digest, Height};

use crate::chain::Checked;
use crate::executor::{Executor, as_run, event, info, readings, receipt, refused, sealed};
use crate::query::{Asked, Said};

/// Traces under way.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    /// The first one's block is being fetched, if any is.
    waiting: VecDeque<(Asked, TraceQuestion)>,
    fetching: bool,
}

/// A transaction that was run once more.
struct Rerun {
    index: usize,
    outcome: Outcome,
    watch: Watch,
    contracts: Contracts,
}

impl Executor {
    /// Whether a trace may wait for its block.
    ///
    /// # Errors
    /// `NOT_YET` and `ACCESS` for heights that are not shown; `BUSY` when too many
    /// wait, or another one of this caller does.
    pub(crate) fn may_wait(&self, asked: &Asked, question: &TraceQuestion) -> Result<(), Code> {
        let waiting = &self.traces.waiting;
        let mut others = waiting.iter().map(|(other, _)| other.sender);
        if question.height == Height(0) {
            Err(Code::Access)
        } else if question.height > self.showable() {
            Err(Code::NotYet)
        } else if waiting.len() >= TRACES_WAITING_MAX || others.any(|one| one == asked.sender) {
            Err(Code::Busy)
        } else {
            Ok(())
        }
    }

    /// Takes a trace in, to be answered by [`Executor::hear_past`].
    pub(crate) fn wait_for_block(&mut self, asked: Asked, question: TraceQuestion) {
        self.traces.waiting.push_back((asked, question));
        assert!(self.traces.waiting.len() <= TRACES_WAITING_MAX, "bounded");
    }

    /// The height of a block that the node is to hand back, once for each.
    pub fn fetch(&mut self) -> Option<Height> {
        if self.traces.fetching {
            return None;
        }
        let (_, question) = self.traces.waiting.front()?;
        self.traces.fetching = true;
        Some(question.height)
    }

    /// The node's answer to a fetch: the answer of the trace that waited for it.
    pub fn hear_past(&mut self, past: &Past) -> Option<Answer> {
        if !std::mem::take(&mut self.traces.fetching) {
            return None;
        }
        let (asked, question) = self.traces.waiting.pop_front().expect("it was fetched for");
        let kept = past.kept.as_ref().ok_or(Code::NotKept);
        let said = kept.and_then(|kept| self.trace(&asked, &question, kept));
        Some(self.sealed(&asked, said))
    }

    fn trace(
        &mut self,
        asked: &Asked,
        question: &TraceQuestion,
        kept: &PastBlock,
    ) -> Result<Said, Code> {
        let checked = self.check_past(question.height, kept)?;
        let found = checked.tx_ids.iter().position(|id| *id == question.tx_id);
        let held = self.visible_to(&asked.asker);
        if let Some(index) = found
            && matches!(checked.items[index], Item::Control(_))
        {
            // Its outcome is public, and it ran no contract.
            return Err(Code::NoContract);
        }
        let is_signer =
            found.is_some_and(|index| self.signs(&checked, &kept.block.header, index, asked));
        let to_the_end = held != Visibility::All && !is_signer;
        let rerun = self.rerun(&kept.block.header, &checked, found, to_the_end)?;
        let rerun = rerun.ok_or(Code::Access)?;
        let sealed = &kept.result.body.receipts[rerun.index];
        let rerun = self.certified_run(rerun, &checked, &kept.block.header, sealed);
        let rerun = rerun.map_err(|code| if to_the_end { Code::Access } else { code })?;
        let whole = sees_all(&rerun, &held, is_signer);
        if !whole && !is_signer {
            return Err(Code::Access);
        }
        let trace = told(rerun, whole).to_bytes();
        Ok(Said::free(self.showable(), trace))
    }

    /// Holds what the node handed back against what this executor knows.
    fn check_past(&self, height: Height, kept: &PastBlock) -> Result<Checked, Code> {
        let checked = Checked::of(&kept.block).map_err(|bad| bad.code())?;
        let (own, root) = self.state.block_at(height).ok_or(Code::NotYet)?;
        let statement = &kept.result.certificate.statement;
        let body = &kept.result.body;
        let same = own.digest == checked.digest
            && statement.block == checked.digest
            && statement.height == height
            && statement.state_root == root
            && statement.body == body_digest(body)
            && body.receipts.len() == checked.items.len();
        let executors = self.chain.control().executors();
        let certified = executors.check_result(&kept.result.certificate).is_ok();
        if same && certified {
            Ok(checked)
        } else {
            Err(Code::Damaged)
        }
    }

    /// Whether the caller signed the transaction at `index`.
    fn signs(
        &mut self,
        checked: &Checked,
        header: &BlockHeader,
        index: usize,
        asked: &Asked,
    ) -> bool {
        let Item::Sealed(envelope) = &checked.items[index] else {
            return false;
        };
        if envelope.header.sender == asked.sender {
            return true;
        }
        let past = &self.past;
        let authority = |alias| past.authority(header.height, alias);
        let tx_id = checked.tx_ids[index];
        let opened = self
            .opening
            .open(envelope, tx_id, header, &authority, [0; 32]);
        let party = asked.asker.party.0;
        opened
            .call
            .is_ok_and(|(context, _)| context.signer(party).is_some())
    }

    /// Runs a block's prologue and calls once more, the one at `index` watched, up
    /// to it or to the end. Without an index the first call is watched in vain,
    /// so that asking for what is not there takes as long.
    fn rerun(
        &mut self,
        header: &BlockHeader,
        checked: &Checked,
        index: Option<usize>,
        to_the_end: bool,
    ) -> Result<Option<Rerun>, Code> {
        let contracts = self.past.contracts(header.height)?;
        let before = Height(header.height.0 - 1);
        let view = AtHeight {
            view: &self.state,
            height: before,
        };
        let info = info(&self.state, header);
        let past = &self.past;
        let authority = |alias| past.authority(header.height, alias);
        let mut block = BlockExecutor::new(&contracts, &view);
        block.prologue(&info, &readings(header), TIMER_GAS);
        let mut found = None;
        for (place, (item, tx_id)) in checked.items.iter().zip(&checked.tx_ids).enumerate() {
            let Item::Sealed(envelope) = item else {
                continue;
            };
            let watched = index.unwrap_or(0) == place;
            let opened = self
                .opening
                .open(envelope, *tx_id, header, &authority, info.seed);
            if watched {
                block.watch(Watch::of_lines(TRACE_LINES_MAX));
            }
            let outcome = match &opened.call {
                Ok((context, call)) => block.execute(context, &as_run(call)),
                Err(code) => refused(*code),
            };
            if watched {
                let watch = block.take_watch().expect("it was set above");
                found = index.map(|index| (index, outcome, watch));
                if !to_the_end {
                    break;
                }
            }
        }
        drop(block);
        Ok(found.map(|(index, outcome, watch)| Rerun {
            index,
            outcome,
            watch,
            contracts,
        }))
    }

    /// The re-run, if it came to the certified receipt. A block that came to more
    /// than a result may hold failed as a whole: then its calls say so.
    fn certified_run(
        &mut self,
        rerun: Rerun,
        checked: &Checked,
        header: &BlockHeader,
        certified: &SealedReceipt,
    ) -> Result<Rerun, Code> {
        let Item::Sealed(envelope) = &checked.items[rerun.index] else {
            unreachable!("a control transaction is not re-run");
        };
        if self.seals_to(&rerun, checked, header, envelope) == *certified {
            return Ok(rerun);
        }
        let failed = Rerun {
            outcome: refused(Code::TooLarge),
            watch: Watch::default(),
            ..rerun
        };
        if self.seals_to(&failed, checked, header, envelope) == *certified {
            return Ok(failed);
        }
        Err(Code::Diverged)
    }

    fn seals_to(
        &mut self,
        rerun: &Rerun,
        checked: &Checked,
        header: &BlockHeader,
        envelope: &Envelope,
    ) -> SealedReceipt {
        let session = self.opening.session(&envelope.header.enc);
        let index = u32::try_from(rerun.index).expect("items of a block are few");
        let tx_id: Digest = checked.tx_ids[rerun.index];
        let receipt = receipt(header, index, tx_id, envelope, rerun.outcome.clone());
        sealed(session.as_ref(), &receipt)
    }
}

/// Whether a caller who holds `held` may see everything of a run.
fn sees_all(rerun: &Rerun, held: &Visibility, is_signer: bool) -> bool {
    let mut touched: BTreeSet<Compartment> = rerun.watch.touched().clone();
    for event in &rerun.outcome.events {
        touched.extend(&event.addressees);
    }
    touched.remove(&Compartment::Public);
    let own = is_signer || !touched.is_empty() || *held == Visibility::All;
    own && touched.iter().all(|compartment| held.sees(*compartment))
}

/// What is said of a run: all of it, or where it failed.
fn told(rerun: Rerun, whole: bool) -> Trace {
    let mut names = Names::new(&rerun.contracts);
    let site = rerun.outcome.site.as_ref();
    let failed_at = site.and_then(|site| names.place(site.contract, site.function, site.line));
    let all = whole.then(|| told_whole(&rerun, &mut names));
    let name = rerun.outcome.name.as_bytes().to_vec();
    Trace {
        index: u32::try_from(rerun.index).expect("items of a block are few"),
        status: match rerun.outcome.status {
            Status::Ok => ReceiptStatus::Ok,
            Status::Failed => ReceiptStatus::Failed,
        },
        code: Blob::new(name).expect("names of codes are short"),
        failed_at,
        contracts: List::new(names.contracts).expect("named up to the bound"),
        functions: List::new(names.functions).expect("named up to the bound"),
        whole: all,
    }
}

fn told_whole(rerun: &Rerun, names: &mut Names<'_>) -> WholeTrace {
    let outcome = &rerun.outcome;
    let (gas_before, gas) = rerun.watch.gas(outcome.gas_used);
    let ran = rerun.watch.trace();
    let mut lines = Vec::with_capacity(ran.len().min(TRACE_LINES_MAX));
    for (line, gas) in ran.iter().zip(gas).take(TRACE_LINES_MAX) {
        let Some(place) = names.place(line.contract, line.function, line.line) else {
            break;
        };
        let gas = u32::try_from(gas).expect("gas of one call fits");
        lines.push(TracedLine { place, gas });
    }
    let events = outcome.events.iter().take(EVENTS_MAX).map(event).collect();
    WholeTrace {
        gas_used: outcome.gas_used,
        gas_before,
        steps: outcome.steps,
        result: Blob::new(outcome.result.clone()).unwrap_or_default(),
        events: List::new(events).expect("taken up to the bound"),
        cut: rerun.watch.is_cut() || lines.len() < ran.len(),
        lines: List::new(lines).expect("taken up to the bound"),
    }
}

/// Contracts and functions, each named once.
struct Names<'a> {
    code: &'a Contracts,
    contracts: Vec<TracedContract>,
    functions: Vec<TracedFunction>,
    known: BTreeMap<(u32, u16), u16>,
}

impl<'a> Names<'a> {
    fn new(code: &'a Contracts) -> Self {
        Self {
            code,
            contracts: Vec::new(),
            functions: Vec::new(),
            known: BTreeMap::new(),
        }
    }

    /// A place; `None` when too many are named already.
    fn place(&mut self, contract: u32, function: u16, line: u32) -> Option<TracedPlace> {
        let function = match self.known.get(&(contract, function)) {
            Some(known) => *known,
            None => self.function(contract, function)?,
        };
        Some(TracedPlace { function, line })
    }

    fn function(&mut self, contract: u32, function: u16) -> Option<u16> {
        if self.functions.len() >= TRACE_FUNCTIONS_MAX {
            return None;
        }
        let name = self.code.get(contract)?.module().functions[usize::from(function)]
            .name
            .clone();
        let traced = TracedFunction {
            contract: self.contract(contract)?,
            name: Blob::new(name.into_bytes()).unwrap_or_default(),
        };
        let place = u16::try_from(self.functions.len()).expect("few functions");
        self.functions.push(traced);
        self.known.insert((contract, function), place);
        Some(place)
    }

    fn contract(&mut self, contract: u32) -> Option<u16> {
        let id = ContractId(contract);
        let known = self.contracts.iter().position(|known| known.contract == id);
        let place = known.unwrap_or(self.contracts.len());
        if known.is_none() {
            if place >= TRACE_CONTRACTS_MAX {
                return None;
            }
            let module = self.code.get(contract)?.module();
            self.contracts.push(TracedContract {
                contract: id,
                code: Digest(module.hash),
                name: Blob::new(module.name.clone().into_bytes()).unwrap_or_default(),
                file: Blob::new(module.file.clone().into_bytes()).unwrap_or_default(),
            });
        }
        Some(u16::try_from(place).expect("few contracts"))
    }
}
