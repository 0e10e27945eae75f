//! The step. Inputs are taken one by one; everything they lead to is collected
//! in one [`Output`], whose writes are made durable before the rest happens.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use daicho_admission::Admitted;
use daicho_agreement as agreement;
use daicho_agreement::{Alarm, Destination, Input as Event_, Replica};
use daicho_log::{AgreementRecord, Log, Storage, StoredBlock, StoredBodies, Stream};
use daicho_types::block::{CommitCertificate, CommittedBlock, ResultCertificate};
use daicho_types::codec::{Blob, Decode, Encode, List};
use daicho_types::gateway::{Ask, CertifiedResult, Reply, Request, Wait};
use daicho_types::genesis::Genesis;
use daicho_types::ipc::{FromExecutor, Past, PastBlock, ToExecutor};
use daicho_types::{Code, Digest, Height, Monotonic, ReplicaId};

use crate::clients::{Clients, Route, Waiter, refusal};
use crate::event::{Event, Level};
use crate::feed::Feed;
use crate::interface::{Identity, Input, Now, Output};
use crate::message::PeerMessage;
use crate::ordering::Ordering;
use crate::questions::{Asker, Questions};
use crate::results::Heard;
use crate::status::{Counters, Parts, document};

/// Decided blocks kept in memory for those who are about to ask for them.
const RECENT_BLOCKS_MAX: usize = 64;
/// Heights reported as damaged; behind so many, one more tells nothing new.
const DAMAGE_REPORTS_MAX: usize = 1_000;

/// A decided block kept at hand.
#[derive(Clone, Debug)]
pub(crate) struct Recent {
    pub block: CommittedBlock,
    pub tx_ids: Vec<Digest>,
    pub witness_ids: Vec<Digest>,
}

/// A node.
#[derive(Debug)]
pub struct Node {
    pub(crate) identity: Identity,
    pub(crate) genesis: Arc<Genesis>,
    pub(crate) replica: Replica,
    pub(crate) ordering: Ordering,
    pub(crate) log: Log,
    pub(crate) clients: Clients,
    pub(crate) questions: Questions,
    pub(crate) feed: Feed,
    pub(crate) recent: BTreeMap<Height, Recent>,
    pub(crate) queue: VecDeque<Event_>,
    pub(crate) told_certified: Height,
    pub(crate) asked_results_at: Monotonic,
    /// The newest stored result, and since when it has been that.
    pub(crate) results_since: (Height, Monotonic),
    pub(crate) relayed_at: Monotonic,
    /// Heights that were found not to read.
    pub(crate) damaged: BTreeSet<Height>,
    pub(crate) requests: u64,
    /// The executor's process, for the status page; set by the host.
    pub executor_pid: Option<u32>,
    /// What this node counts.
    pub counters: Counters,
}

impl Node {
    /// Takes in everything that happened and does all that has become
    /// possible. `now` never falls from call to call.
    pub fn step(&mut self, now: Now, inputs: Vec<Input>, storage: &impl Storage) -> Output {
        let mut out = Output::default();
        self.ordering.begin(now);
        let mut submitted = Vec::new();
        for input in inputs {
            match input {
                Input::Peer { from, bytes } => {
                    self.hear_peer(from, &bytes, &mut submitted, storage, &mut out)
                }
                Input::Client { route, bytes } => {
                    self.hear_client(route, &bytes, &mut submitted, storage, &mut out)
                }
                Input::Executor(message) => self.hear_executor(message, &mut out),
                Input::ExecutorGone => self.executor_gone(&mut out),
                Input::ExecutorGivenUp(height) => self.executor_given_up(height, &mut out),
            }
        }
        self.submit(submitted, storage, &mut out);
        self.agree(&mut out, storage);
        self.relay_overdue(&mut out);
        self.ask_again(&mut out);
        self.certify(storage, &mut out);
        self.feed_executor(storage, &mut out);
        self.hand_back(storage, &mut out);
        out.writes = self.log.flush(Stream::Log);
        out.results = self.log.flush(Stream::Results);
        out
    }

    /// The status document, as JSON.
    #[must_use]
    pub fn status(&self) -> String {
        document(&Parts {
            identity: &self.identity,
            genesis: &self.genesis,
            summary: &self.replica.summary(),
            ordering: &self.ordering,
            feed: &self.feed,
            counters: &self.counters,
            height: self.log.height().0,
            executor_pid: self.executor_pid,
            results_stored: self.ordering.results.stored().0,
        })
        .to_string()
    }

    /// Every CURVE key that may connect to the gateway.
    pub fn admitted_keys(&self) -> impl Iterator<Item = [u8; 32]> {
        self.ordering.control().curve_keys().map(|(_, key)| key)
    }

    /// The height of the last decided block.
    #[must_use]
    pub fn height(&self) -> Height {
        self.log.height()
    }

    /// The height of the newest result certificate.
    #[must_use]
    pub fn certified(&self) -> Height {
        self.ordering.results.certified()
    }

    /// Steps the replica through everything queued for it.
    pub(crate) fn run_queue(&mut self, storage: &impl Storage, out: &mut Output) {
        while let Some(input) = self.queue.pop_front() {
            let now = self.ordering.now.monotonic;
            let said = self.replica.step(now, input, &mut self.ordering);
            self.follow(said, storage, out);
        }
    }

    /// Lets agreement go as far as it can.
    fn agree(&mut self, out: &mut Output, storage: &impl Storage) {
        let whole = self.ordering.completed();
        self.queue
            .extend(whole.into_iter().map(|block| Event_::BodiesHeld { block }));
        let certified = self.ordering.results.certified();
        self.queue
            .push_back(Event_::Certified { height: certified });
        self.queue.push_back(Event_::Tick);
        self.run_queue(storage, out);
        let idle = self
            .ordering
            .idle_block_due()
            .filter(|due| *due > self.ordering.now.monotonic);
        out.next_timer = out.next_timer.into_iter().chain(idle).min();
        for dropped in core::mem::take(&mut self.ordering.dropped) {
            self.refuse_waiters(dropped.tx_id, dropped.code, out);
        }
    }

    /// Carries out what the replica said, in the order of its law.
    fn follow(&mut self, said: agreement::Output, storage: &impl Storage, out: &mut Output) {
        for record in &said.persist {
            self.persist(record);
        }
        for (to, message) in said.send {
            self.send_agreement(to, message, out);
        }
        let applied: Vec<_> = said.deliver.iter().map(|c| self.deliver(c, out)).collect();
        if !applied.is_empty() {
            // Before anything that waits in the queue: the control state has
            // moved, and agreement must not step without knowing.
            self.queue.push_front(Event_::Applied(applied));
        }
        for fetch in said.fetch {
            self.fetch(fetch, out);
        }
        for alarm in &said.alarms {
            match alarm {
                Alarm::EnteredView { .. } => self.ordering.truncate(),
                Alarm::BadDraft { height } => self.ordering.give_back_draft(*height),
                _ => {}
            }
            out.events.push(describe(alarm));
        }
        for evidence in &said.evidence {
            out.events.push(
                Event::new(Level::Warning, "evidence").message(
                    format!("{evidence:?}")
                        .chars()
                        .take(200)
                        .collect::<String>(),
                ),
            );
        }
        out.evidence.extend(said.evidence);
        out.next_timer = said.next_timer;
        let _ = storage;
    }

    fn persist(&mut self, record: &agreement::Record) {
        match record {
            agreement::Record::Block(proposal) if self.store_block(proposal) => {}
            agreement::Record::Committed(certificate) => self.store_commit(certificate),
            other => self.append(&daicho_log::Record::Agreement(AgreementRecord {
                height: self.log.height().next(),
                bytes: Blob::new(other.to_bytes()).expect("agreement bounds its records"),
            })),
        }
    }

    /// Stores a block with its bodies; `false` while bodies are missing.
    pub(crate) fn store_block(&mut self, proposal: &agreement::Proposal) -> bool {
        let block = proposal.digest();
        if let (true, true) = self.log.has_proposal(&block) {
            return true;
        }
        let Some(items) = self.ordering.bodies(proposal) else {
            return false;
        };
        let tx_ids = items.iter().map(|item| item.tx_id).collect();
        self.append(&daicho_log::Record::Block(StoredBlock {
            header: proposal.header.clone(),
            witness_ids: proposal.witness_ids.clone(),
            tx_ids: List::new(tx_ids).expect("as many as witness ids"),
        }));
        self.append(&daicho_log::Record::Bodies(StoredBodies {
            height: proposal.height(),
            block,
            items: encoded(&items),
        }));
        true
    }

    fn store_commit(&mut self, certificate: &CommitCertificate) {
        if let Some(ahead) = self.ordering.held(&certificate.block) {
            let proposal = Arc::clone(&ahead.proposal);
            assert!(self.store_block(&proposal), "a held block has its bodies");
        }
        self.append(&daicho_log::Record::Commit(certificate.clone()));
    }

    fn append(&mut self, record: &daicho_log::Record) {
        self.log
            .append(record)
            .expect("agreement orders what it records");
    }

    fn send_agreement(&mut self, to: Destination, message: agreement::Message, out: &mut Output) {
        let me = self.identity.replica;
        let receivers: Vec<_> = match to {
            Destination::One(one) => vec![one],
            Destination::Validators => self.genesis.validators().map(|(id, _)| id).collect(),
            Destination::Nodes => (0u16..)
                .map(ReplicaId)
                .take(self.genesis.nodes.len())
                .collect(),
        };
        let message = PeerMessage::Agreement(message);
        self.send_all(receivers.into_iter().filter(|id| *id != me), &message, out);
    }

    pub(crate) fn send_all(
        &mut self,
        to: impl Iterator<Item = ReplicaId>,
        message: &PeerMessage,
        out: &mut Output,
    ) {
        let bytes = message.to_bytes();
        for receiver in to {
            *self.counters.bytes_out.entry(message.kind()).or_default() += bytes.len() as u64;
            *self.counters.frames_out.entry(message.kind()).or_default() += 1;
            out.to_peers.push((receiver, message.link(), bytes.clone()));
        }
    }

    pub(crate) fn other_nodes(&self) -> Vec<ReplicaId> {
        let me = self.identity.replica;
        (0u16..)
            .map(ReplicaId)
            .take(self.genesis.nodes.len())
            .filter(|id| *id != me)
            .collect()
    }

    pub(crate) fn other_validators(&self) -> Vec<ReplicaId> {
        let me = self.identity.replica;
        self.genesis
            .validators()
            .map(|(id, _)| id)
            .filter(|id| *id != me)
            .collect()
    }

    /// A block is final in order: the state moves, those who waited are told.
    fn deliver(&mut self, committed: &agreement::Committed, out: &mut Output) -> (Height, Digest) {
        let proposal = &committed.proposal;
        let height = proposal.height();
        let decided = self.ordering.decide(proposal);
        let control = self.ordering.control().digest();
        let recent = Recent {
            block: CommittedBlock {
                header: proposal.header.clone(),
                items: encoded(&decided.items),
                certificate: committed.certificate.clone(),
            },
            tx_ids: decided.items.iter().map(|item| item.tx_id).collect(),
            witness_ids: proposal.witness_ids.to_vec(),
        };
        if let Some(certificate) = &proposal.header.result {
            self.hear_certificate(certificate, out);
        }
        self.answer_block(&recent, None, Wait::Ordered, out);
        self.recent.insert(height, recent);
        while self.recent.len() > RECENT_BLOCKS_MAX {
            self.recent.pop_first();
        }
        for dropped in decided.dropped {
            self.refuse_waiters(dropped.tx_id, dropped.code, out);
        }
        let items = decided.items.len();
        out.events.push(
            Event::new(Level::Info, "committed")
                .height(height)
                .message(format!("{items} items")),
        );
        (height, control)
    }

    pub(crate) fn hear_certificate(&mut self, certificate: &ResultCertificate, out: &mut Output) {
        match self.ordering.results.hear_certificate(certificate) {
            Ok(heard) => self.note_heard(heard, out),
            Err(code) => out
                .events
                .push(Event::new(Level::Warning, "bad_certificate").code(code)),
        }
    }

    pub(crate) fn note_heard(&mut self, heard: Heard, out: &mut Output) {
        match heard {
            Heard::Nothing | Heard::Counted => {}
            Heard::Certified(certificate) => {
                out.to_executor.extend(self.feed.certified(&certificate));
            }
            Heard::Split(height) => {
                self.feed
                    .halted(height, "two certificates for one height".to_owned());
                out.events.push(
                    Event::new(Level::Error, "results_split")
                        .height(height)
                        .code(Code::Diverged),
                );
            }
        }
    }

    /// Stores results that are certified and here, and answers who waited.
    fn certify(&mut self, storage: &impl Storage, out: &mut Output) {
        while self.ordering.results.stored() < self.log.height() {
            let Some(result) = self.ordering.results.take_ready() else {
                break;
            };
            let height = result.certificate.statement.height;
            if self.clients.anybody_waits()
                && let Some(recent) = self.decided(height, storage, out)
            {
                self.answer_block(&recent, Some(&result), Wait::Final, out);
            }
            self.append(&daicho_log::Record::Result(result));
        }
        self.tell_standing(out);
        self.ask_for_results(out);
        self.repeat_results(out);
    }

    fn feed_executor(&mut self, storage: &impl Storage, out: &mut Output) {
        while let Some(height) = self
            .feed
            .wants()
            .filter(|height| *height <= self.log.height())
        {
            let recent = self.recent.get(&height).map(|recent| recent.block.clone());
            let block = match recent {
                Some(block) => Some(block),
                None => self.stored_block(height, storage, out),
            };
            let Some(block) = block else { return };
            self.feed.given(height);
            out.to_executor.push(ToExecutor::Block(block));
            let newest = self.ordering.results.newest();
            let newest = newest.filter(|c| c.statement.height == height);
            out.to_executor
                .extend(newest.and_then(|c| self.feed.certified(c)));
        }
    }

    /// Hands the executor the block of the past that it asked for, behind the
    /// blocks that it has credit for.
    fn hand_back(&mut self, storage: &impl Storage, out: &mut Output) {
        let Some(height) = self.feed.take_fetch() else {
            return;
        };
        let recent = self.recent.get(&height).map(|recent| recent.block.clone());
        let block = recent.or_else(|| self.stored_block(height, storage, out));
        let result = self.stored_result(height, storage, out);
        let kept = block.zip(result);
        let kept = kept.map(|(block, result)| PastBlock { block, result });
        out.to_executor
            .push(ToExecutor::Past(Past { height, kept }));
    }

    pub(crate) fn stored_block(
        &mut self,
        height: Height,
        storage: &impl Storage,
        out: &mut Output,
    ) -> Option<CommittedBlock> {
        let read = self.log.block(height, storage);
        read.unwrap_or_else(|error| self.report_damage(height, &error, out))
    }

    pub(crate) fn stored_result(
        &mut self,
        height: Height,
        storage: &impl Storage,
        out: &mut Output,
    ) -> Option<CertifiedResult> {
        let read = self.log.result(height, storage);
        read.unwrap_or_else(|error| self.report_damage(height, &error, out))
    }

    /// Says once that a height does not read: it is not served, and whoever
    /// wants it may ask for ever.
    fn report_damage<T>(
        &mut self,
        height: Height,
        error: &daicho_log::LogError,
        out: &mut Output,
    ) -> Option<T> {
        if self.damaged.len() < DAMAGE_REPORTS_MAX && self.damaged.insert(height) {
            let event = Event::new(Level::Error, "damaged").height(height);
            out.events
                .push(event.code(Code::Damaged).message(error.to_string()));
        }
        None
    }

    fn hear_executor(&mut self, message: FromExecutor, out: &mut Output) {
        match message {
            FromExecutor::Hello(hello) => {
                self.feed.hello(&hello);
                let sandbox = String::from_utf8_lossy(&hello.sandbox).into_owned();
                let level = if sandbox.starts_with("unconfined") {
                    Level::Warning
                } else {
                    Level::Info
                };
                out.events.push(
                    Event::new(level, "executor_up")
                        .height(hello.executed)
                        .message(sandbox),
                );
            }
            FromExecutor::Credit(more) => self.feed.credit(more),
            FromExecutor::Executed(executed) => self.hear_executed(executed, out),
            FromExecutor::Answer(answer) => self.pass_answer(answer, out),
            FromExecutor::Fetch(height) => self.feed.fetch(height),
            FromExecutor::Halted(halt) => {
                let reason = String::from_utf8_lossy(&halt.reason).into_owned();
                let event = Event::new(Level::Error, "executor_halted").height(halt.height);
                out.events.push(match Code::from_number(halt.code) {
                    Some(code) => event.code(code).message(reason.clone()),
                    None => event.message(reason.clone()),
                });
                self.feed.halted(halt.height, reason);
            }
        }
    }

    fn hear_executed(&mut self, executed: daicho_types::ipc::Executed, out: &mut Output) {
        let statement = &executed.vote.statement;
        self.feed.executed(statement.height, statement.state_root);
        let vote = executed.vote.clone();
        match self.ordering.results.hear_own(executed) {
            Ok(heard) => {
                let to = self.other_nodes();
                self.send_all(to.into_iter(), &PeerMessage::Result(vote), out);
                self.note_heard(heard, out);
            }
            Err(code) => out
                .events
                .push(Event::new(Level::Error, "bad_result_vote").code(code)),
        }
    }

    fn executor_given_up(&mut self, height: Height, out: &mut Output) {
        let reason = "the executor died there too often";
        self.feed.halted(height, reason.to_owned());
        let event = Event::new(Level::Error, "executor_halted").height(height);
        out.events.push(event.message(reason));
    }

    fn executor_gone(&mut self, out: &mut Output) {
        self.feed.gone();
        self.unanswered(out);
    }

    fn hear_client(
        &mut self,
        route: Route,
        bytes: &[u8],
        submitted: &mut Vec<(Option<Waiter>, Vec<u8>)>,
        storage: &impl Storage,
        out: &mut Output,
    ) {
        let Ok(request) = Request::from_bytes(bytes) else {
            self.counters.malformed += 1;
            out.to_clients
                .push((route, refusal(0, Digest::ZERO, Code::Malformed)));
            return;
        };
        match request.ask {
            Ask::Submit(submit) => {
                let waiter = Waiter {
                    route,
                    request: request.id,
                    wait: submit.wait,
                };
                let items = submit.items.into_inner().into_iter();
                submitted.extend(items.map(|item| (Some(waiter.clone()), item.into_inner())));
            }
            Ask::Query(query) => {
                self.ask_executor(Asker::Client(route, request.id), query, out);
            }
            other => {
                let id = request.id;
                let reply = match self.answer(&other, storage, out) {
                    Ok(say) => Reply { id, say },
                    Err(code) => refusal(id, Digest::ZERO, code),
                };
                out.to_clients.push((route, reply));
            }
        }
    }
}

pub(crate) fn encoded(items: &[Arc<Admitted>]) -> crate::message::Items {
    let blobs = items
        .iter()
        .map(|item| Blob::new(item.bytes.clone()).expect("admission bounds items"));
    List::new(blobs.collect()).expect("a block bounds its items")
}

fn describe(alarm: &Alarm) -> Event {
    let (level, name) = match alarm {
        Alarm::LeftView { .. } => (Level::Warning, "left_view"),
        Alarm::EnteredView { .. } => (Level::Warning, "entered_view"),
        Alarm::TimeBoundWidened { .. } => (Level::Warning, "time_bound_widened"),
        Alarm::ClockSkew { .. } => (Level::Warning, "clock_skew"),
        Alarm::TimeRefused { .. } => (Level::Warning, "time_refused"),
        Alarm::BadMessage { .. } => (Level::Warning, "bad_message"),
        Alarm::BadDraft { .. } => (Level::Error, "bad_draft"),
        Alarm::BadFetch { .. } => (Level::Warning, "bad_block"),
        Alarm::Stable(_) => return Event::new(Level::Info, "stable_checkpoint"),
        Alarm::ControlDiverged { .. } => (Level::Error, "control_diverged"),
        Alarm::ValidityDiverged { .. } => (Level::Error, "validity_diverged"),
        Alarm::Abstaining { .. } => (Level::Warning, "abstaining"),
        Alarm::Rejoined { .. } => (Level::Info, "rejoined"),
        Alarm::SafetyViolated { .. } => (Level::Error, "safety_violated"),
    };
    Event::new(level, name).message(format!("{alarm:?}"))
}
