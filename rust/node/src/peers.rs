//! What other nodes say and want, submissions, and answers from the store.

use daicho_admission::Answer;
use daicho_agreement::{Committed, Fetch, Input as Event_, Proposal};
use daicho_crypto::{MerkleTree, block_digest, merkle_root, receipt_leaf};
use daicho_log::Storage;
use daicho_types::block::CommittedBlock;
use daicho_types::codec::{Blob, Decode, List};
use daicho_types::gateway::{
    Ask, CertifiedResult, Range, ReceiptEntry, Receipts, Reply, Request, Say, Wait,
};
use daicho_types::limits::{BLOCK_ITEMS_MAX, FRAME_BYTES_MAX, SYNC_BLOCKS_MAX};
use daicho_types::{Code, Digest, Height, Monotonic, ReplicaId};

use crate::clients::{Waiter, refusal, within};
use crate::event::{Event, Level};
use crate::interface::Output;
use crate::message::{Bodies, Items, PeerMessage, Standing, Wanted};
use crate::node::{Node, Recent};
use crate::questions::Asker;

/// Bytes of one answer with blocks or results in it.
const ANSWER_BYTES: usize = FRAME_BYTES_MAX / 4;
/// How long to wait for results that were asked for before asking again.
const RESULTS_PATIENCE_US: u64 = 200_000;
/// Results asked for at once.
const RESULTS_AT_ONCE: u32 = 64;
/// Without a new stored result for so long, own votes are sent again and others
/// are asked for theirs: frames may have been lost, or a node was down.
const RESULTS_REPEAT_US: u64 = 500_000;
/// An item that waits longer is sent to the leader once more.
const RELAY_PATIENCE_US: u64 = 500_000;
/// Items sent once more at a time.
const RELAY_ITEMS_MAX: usize = 256;

type Submitted = Vec<(Option<Waiter>, Vec<u8>)>;

impl Node {
    pub(crate) fn hear_peer(
        &mut self,
        from: ReplicaId,
        bytes: &[u8],
        submitted: &mut Submitted,
        storage: &impl Storage,
        out: &mut Output,
    ) {
        let Ok(message) = PeerMessage::from_bytes(bytes) else {
            self.counters.malformed += 1;
            out.events.push(
                Event::new(Level::Warning, "malformed")
                    .peer(from)
                    .code(Code::Malformed),
            );
            return;
        };
        match message {
            PeerMessage::Agreement(message) => {
                self.queue.push_back(Event_::Message { from, message })
            }
            PeerMessage::Items(items) => {
                submitted.extend(
                    items
                        .into_inner()
                        .into_iter()
                        .map(|item| (None, item.into_inner())),
                );
            }
            PeerMessage::Want(wanted) => self.give_bodies(from, wanted, storage, out),
            PeerMessage::Bodies(bodies) => {
                let items = bodies.items.into_inner().into_iter().map(Blob::into_inner);
                self.ordering.supply(items.collect());
            }
            PeerMessage::WantProposal(block) => self.give_proposal(from, &block, storage, out),
            PeerMessage::Proposal(proposal) => self.queue.push_back(Event_::Block(proposal)),
            PeerMessage::Result(vote) => match self.ordering.results.hear_vote(vote) {
                Ok(heard) => self.note_heard(heard, out),
                Err(code) => {
                    out.events.push(
                        Event::new(Level::Warning, "bad_result_vote")
                            .peer(from)
                            .code(code),
                    );
                }
            },
            PeerMessage::Standing(standing) => self.hear_standing(from, &standing, out),
            PeerMessage::Ask(Request {
                id,
                ask: Ask::Query(query),
            }) => self.ask_executor(Asker::Peer(from, id), query, out),
            PeerMessage::Ask(request) => {
                // Whoever gets no answer asks somebody else.
                if let Ok(say) = self.answer(&request.ask, storage, out) {
                    let reply = PeerMessage::Say(Reply {
                        id: request.id,
                        say,
                    });
                    self.send_all([from].into_iter(), &reply, out);
                }
            }
            PeerMessage::Say(reply) if matches!(reply.say, Say::Answer(_) | Say::Refused(_)) => {
                self.hear_passed(from, reply, out);
            }
            PeerMessage::Say(reply) => self.hear_answer(from, reply.say, storage, out),
        }
    }

    /// Takes items in, all signatures in one batch; tells who sent them, and
    /// passes on what is new.
    pub(crate) fn submit(
        &mut self,
        submitted: Submitted,
        storage: &impl Storage,
        out: &mut Output,
    ) {
        if submitted.is_empty() {
            return;
        }
        let (waiters, items): (Vec<_>, Vec<_>) = submitted.into_iter().unzip();
        let log = &self.log;
        let verdicts = self
            .ordering
            .submit(items, &|tx_id| log.transaction(tx_id).is_some());
        let mut fresh = Vec::new();
        for (waiter, verdict) in waiters.into_iter().zip(verdicts) {
            if verdict.answer == Answer::Admitted && waiter.is_some() {
                fresh.extend(self.ordering.pool.get(&verdict.witness_id));
            }
            if let Some(waiter) = waiter {
                self.conclude(waiter, verdict.tx_id, verdict.answer, storage, out);
            }
        }
        for batch in fresh.chunks(BLOCK_ITEMS_MAX) {
            let message = PeerMessage::Items(crate::node::encoded(batch));
            let to = self.other_validators();
            self.send_all(to.into_iter(), &message, out);
        }
    }

    fn conclude(
        &mut self,
        waiter: Waiter,
        tx_id: Digest,
        answer: Answer,
        storage: &impl Storage,
        out: &mut Output,
    ) {
        let (route, id) = (waiter.route.clone(), waiter.request);
        match answer {
            Answer::Refused(code) => out.to_clients.push((route, refusal(id, tx_id, code))),
            Answer::Admitted | Answer::Pending => {
                if waiter.wait == Wait::Admitted {
                    out.to_clients.push((
                        route,
                        Reply {
                            id,
                            say: Say::Admitted(tx_id),
                        },
                    ));
                } else if !self.clients.wait(tx_id, waiter) {
                    out.to_clients.push((route, refusal(id, tx_id, Code::Busy)));
                }
            }
            // The same bytes again: the receipt is the answer, now or once
            // the result is certified.
            Answer::Committed => match self.receipt(&tx_id, storage, out) {
                Ok(receipts) if receipts.result.is_some() || waiter.wait < Wait::Final => {
                    out.to_clients.push((
                        route,
                        Reply {
                            id,
                            say: Say::Receipts(receipts),
                        },
                    ));
                }
                Ok(_) => {
                    if !self.clients.wait(tx_id, waiter) {
                        out.to_clients.push((route, refusal(id, tx_id, Code::Busy)));
                    }
                }
                Err(code) => out.to_clients.push((route, refusal(id, tx_id, code))),
            },
        }
    }

    pub(crate) fn refuse_waiters(&mut self, tx_id: Digest, code: Code, out: &mut Output) {
        *self.counters.refused.entry(code.name()).or_default() += 1;
        for waiter in self.clients.served(&tx_id, Wait::Final) {
            out.to_clients
                .push((waiter.route, refusal(waiter.request, tx_id, code)));
        }
    }

    /// Tells everybody who waited for a transaction of this block.
    pub(crate) fn answer_block(
        &mut self,
        recent: &Recent,
        result: Option<&CertifiedResult>,
        reached: Wait,
        out: &mut Output,
    ) {
        let mut answers: std::collections::BTreeMap<_, Vec<usize>> =
            std::collections::BTreeMap::new();
        for (index, tx_id) in recent.tx_ids.iter().enumerate() {
            for waiter in self.clients.served(tx_id, reached) {
                answers
                    .entry((waiter.route, waiter.request))
                    .or_default()
                    .push(index);
            }
        }
        if answers.is_empty() {
            return;
        }
        let proofs = Proofs::new(recent, result);
        for ((route, id), places) in answers {
            let say = Say::Receipts(proofs.receipts(&places));
            out.to_clients.push((route, Reply { id, say }));
        }
    }

    /// A stored transaction with its proofs; `ACCESS` when there is none.
    fn receipt(
        &mut self,
        tx_id: &Digest,
        storage: &impl Storage,
        out: &mut Output,
    ) -> Result<Receipts, Code> {
        let (height, index) = self.log.transaction(tx_id).ok_or(Code::Access)?;
        let recent = self.decided(height, storage, out).ok_or(Code::Damaged)?;
        let result = self.stored_result(height, storage, out);
        Ok(Proofs::new(&recent, result.as_ref()).receipts(&[index as usize]))
    }

    /// A decided block, from memory or from the log.
    pub(crate) fn decided(
        &mut self,
        height: Height,
        storage: &impl Storage,
        out: &mut Output,
    ) -> Option<Recent> {
        if let Some(recent) = self.recent.get(&height) {
            return Some(recent.clone());
        }
        let block = self.stored_block(height, storage, out)?;
        let header = self.log.header(height, storage).ok()??;
        Some(Recent {
            block,
            tx_ids: header.tx_ids.to_vec(),
            witness_ids: header.witness_ids.to_vec(),
        })
    }

    /// Answers what the store alone can answer. `ACCESS`: it cannot;
    /// `DAMAGED`: what it holds is not what was stored.
    pub(crate) fn answer(
        &mut self,
        ask: &Ask,
        storage: &impl Storage,
        out: &mut Output,
    ) -> Result<Say, Code> {
        Ok(match ask {
            Ask::Receipt(tx_id) => Say::Receipts(self.receipt(tx_id, storage, out)?),
            Ask::Status(()) => {
                let status = Blob::new(self.status().into_bytes());
                Say::Status(status.map_err(|_| Code::TooLarge)?)
            }
            Ask::Blocks(range) => {
                let heights = heights(range, self.log.height());
                let blocks = heights.map_while(|height| match self.recent.get(&height) {
                    Some(recent) => Some(recent.block.clone()),
                    None => self.stored_block(height, storage, out),
                });
                let blocks = within(blocks, ANSWER_BYTES);
                ensure_read(blocks.is_empty(), range, self.log.height())?;
                Say::Blocks(blocks)
            }
            Ask::Results(range) => {
                let heights = heights(range, self.ordering.results.stored());
                let results = heights.map_while(|h| self.stored_result(h, storage, out));
                let results = within(results, ANSWER_BYTES);
                ensure_read(results.is_empty(), range, self.ordering.results.stored())?;
                Say::Results(results)
            }
            Ask::Submit(_) | Ask::Query(_) => return Err(Code::Access),
        })
    }

    pub(crate) fn fetch(&mut self, fetch: Fetch, out: &mut Output) {
        match fetch {
            Fetch::Bodies { block, holders, .. } => {
                let missing = self.ordering.missing(&block);
                if let (Ok(witness_ids), false) = (List::new(missing.clone()), missing.is_empty()) {
                    let message = PeerMessage::Want(Wanted { block, witness_ids });
                    self.send_all(holders.into_iter(), &message, out);
                }
            }
            Fetch::Block { block, holders, .. } => {
                self.send_all(holders.into_iter(), &PeerMessage::WantProposal(block), out);
            }
            Fetch::Committed { from, to, holder } => {
                let count = (to.0 - from.0 + 1).min(SYNC_BLOCKS_MAX as u64);
                let count = u32::try_from(count).expect("bounded above");
                self.ask(holder, Ask::Blocks(Range { from, count }), out);
            }
        }
    }

    fn ask(&mut self, holder: ReplicaId, ask: Ask, out: &mut Output) {
        self.requests += 1;
        let message = PeerMessage::Ask(Request {
            id: self.requests,
            ask,
        });
        self.send_all([holder].into_iter(), &message, out);
    }

    fn give_bodies(
        &mut self,
        to: ReplicaId,
        wanted: Wanted,
        storage: &impl Storage,
        out: &mut Output,
    ) {
        let mut items: Vec<Blob<_>> = Vec::new();
        if let Some(ahead) = self.ordering.held(&wanted.block) {
            let asked = ahead
                .items
                .iter()
                .filter(|item| wanted.witness_ids.contains(&item.witness_id));
            items.extend(asked.filter_map(|item| Blob::new(item.bytes.clone()).ok()));
        } else if let Ok(Some((_, Some(bodies)))) = self.log.proposed(&wanted.block, storage) {
            items.extend(bodies.items.into_inner());
        } else {
            let found = wanted
                .witness_ids
                .iter()
                .filter_map(|id| self.ordering.pool.get(id));
            items.extend(found.filter_map(|item| Blob::new(item.bytes.clone()).ok()));
        }
        let items: Items = within(items.into_iter(), FRAME_BYTES_MAX / 2);
        let message = PeerMessage::Bodies(Bodies {
            block: wanted.block,
            items,
        });
        self.send_all([to].into_iter(), &message, out);
    }

    fn give_proposal(
        &mut self,
        to: ReplicaId,
        block: &Digest,
        storage: &impl Storage,
        out: &mut Output,
    ) {
        let held = self
            .ordering
            .held(block)
            .map(|ahead| (*ahead.proposal).clone());
        let stored = || {
            let (stored, _) = self.log.proposed(block, storage).ok()??;
            Some(Proposal {
                header: stored.header,
                witness_ids: stored.witness_ids,
            })
        };
        if let Some(proposal) = held.or_else(stored) {
            self.send_all([to].into_iter(), &PeerMessage::Proposal(proposal), out);
        }
    }

    fn hear_answer(&mut self, from: ReplicaId, say: Say, storage: &impl Storage, out: &mut Output) {
        match say {
            Say::Blocks(blocks) => {
                for block in blocks.into_inner() {
                    self.hear_block(from, block, out);
                    // Each block may admit the senders of the next one.
                    self.run_queue(storage, out);
                }
            }
            Say::Results(results) => {
                for result in results.into_inner() {
                    match self.ordering.results.hear_result(result) {
                        Ok(heard) => self.note_heard(heard, out),
                        Err(code) => {
                            let event = Event::new(Level::Warning, "bad_result").peer(from);
                            out.events.push(event.code(code));
                            break;
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// Takes a committed block of a peer, if it is the next one and checks.
    fn hear_block(&mut self, from: ReplicaId, block: CommittedBlock, out: &mut Output) {
        let height = block.header.height;
        if height != self.log.height().next() {
            return;
        }
        let items: Vec<_> = block
            .items
            .into_inner()
            .into_iter()
            .map(Blob::into_inner)
            .collect();
        match self.check_fetched(&block.header, &block.certificate, items) {
            Some(proposal) => {
                let committed = Committed {
                    proposal,
                    certificate: block.certificate,
                };
                self.queue.push_back(Event_::Committed(committed));
            }
            None => {
                let event = Event::new(Level::Warning, "bad_block")
                    .peer(from)
                    .height(height);
                out.events.push(event.code(Code::Uncertified));
            }
        }
    }

    fn check_fetched(
        &mut self,
        header: &daicho_types::block::BlockHeader,
        certificate: &daicho_types::block::CommitCertificate,
        items: Vec<Vec<u8>>,
    ) -> Option<Proposal> {
        let validators = self.ordering.control().validators();
        validators.check_commit(certificate).ok()?;
        if certificate.block != block_digest(header) || certificate.height != header.height {
            return None;
        }
        let supplied: Option<Vec<_>> = self.ordering.supply(items).into_iter().collect();
        let witness_ids: Vec<_> = supplied?.iter().map(|item| item.witness_id).collect();
        if merkle_root(&witness_ids) != header.witness_root {
            return None;
        }
        Some(Proposal {
            header: header.clone(),
            witness_ids: List::new(witness_ids).ok()?,
        })
    }

    fn hear_standing(&mut self, from: ReplicaId, standing: &Standing, out: &mut Output) {
        if standing.certified > self.ordering.results.stored() {
            self.ask_results_of(from, out);
        }
    }

    /// Tells the other nodes how far results are certified, on progress.
    pub(crate) fn tell_standing(&mut self, out: &mut Output) {
        let stored = self.ordering.results.stored();
        let executes = self.genesis.nodes[usize::from(self.identity.replica.0)]
            .executor
            .is_some();
        if executes && stored > self.told_certified {
            self.told_certified = stored;
            let to = self.other_nodes();
            let message = PeerMessage::Standing(Standing { certified: stored });
            self.send_all(to.into_iter(), &message, out);
        }
    }

    /// Asks an executor's node for certified results that are missing here.
    pub(crate) fn ask_for_results(&mut self, out: &mut Output) {
        if self.ordering.results.lacking().is_some() {
            self.ask_an_executor(out);
        }
    }

    /// Asks the executors' nodes in turn.
    fn ask_an_executor(&mut self, out: &mut Output) {
        let me = self.identity.replica;
        let executors: Vec<_> = self
            .genesis
            .executors()
            .map(|(id, _)| id)
            .filter(|id| *id != me)
            .collect();
        if let Some(holder) = executors.get(self.requests as usize % executors.len().max(1)) {
            self.ask_results_of(*holder, out);
        }
    }

    /// Says own result votes again and asks for others' results while nothing
    /// moves: a vote is said once otherwise, and not every frame arrives.
    pub(crate) fn repeat_results(&mut self, out: &mut Output) {
        let now = self.ordering.now.monotonic;
        let stored = self.ordering.results.stored();
        if stored != self.results_since.0 || stored >= self.log.height() {
            self.results_since = (stored, now);
            return;
        }
        let due = Monotonic(self.results_since.1.0 + RESULTS_REPEAT_US);
        if now < due {
            out.next_timer = out.next_timer.into_iter().chain([due]).min();
            return;
        }
        self.results_since.1 = now;
        let me = self.identity.replica;
        let votes = self.ordering.results.votes_of(me, RESULTS_AT_ONCE as usize);
        for vote in votes {
            let to = self.other_nodes();
            self.send_all(to.into_iter(), &PeerMessage::Result(vote), out);
        }
        self.ask_an_executor(out);
    }

    /// Sends items that should have been ordered by now to the leader, which
    /// may never have heard of them.
    pub(crate) fn relay_overdue(&mut self, out: &mut Output) {
        let now = self.ordering.now.monotonic;
        if self.ordering.pool.is_empty() || now.0 < self.relayed_at.0 + RELAY_PATIENCE_US {
            return;
        }
        self.relayed_at = now;
        let leader = self.replica.summary().leader;
        let before = Monotonic(now.0.saturating_sub(RELAY_PATIENCE_US));
        let overdue = self.ordering.pool.overdue(before, RELAY_ITEMS_MAX);
        if leader != self.identity.replica && !overdue.is_empty() {
            let message = PeerMessage::Items(crate::node::encoded(&overdue));
            self.send_all([leader].into_iter(), &message, out);
        }
    }

    fn ask_results_of(&mut self, holder: ReplicaId, out: &mut Output) {
        let now = self.ordering.now.monotonic;
        let patient = self.asked_results_at.0 + RESULTS_PATIENCE_US > now.0 && self.requests > 0;
        if patient {
            return;
        }
        self.asked_results_at = now;
        let from = self.ordering.results.stored().next();
        self.ask(
            holder,
            Ask::Results(Range {
                from,
                count: RESULTS_AT_ONCE,
            }),
            out,
        );
    }
}

/// An answer without anything in it, though there is something: damage.
fn ensure_read(empty: bool, range: &Range, last: Height) -> Result<(), Code> {
    let asked = heights(range, last).next().is_some();
    if empty && asked {
        return Err(Code::Damaged);
    }
    Ok(())
}

fn heights(range: &Range, last: Height) -> impl Iterator<Item = Height> + use<> {
    let count = u64::from(range.count).min(SYNC_BLOCKS_MAX as u64);
    let from = range.from.0.max(1);
    let end = from.saturating_add(count).min(last.0 + 1);
    (from..end).map(Height)
}

/// The two trees of a block, built once for all who ask.
struct Proofs<'a> {
    recent: &'a Recent,
    result: Option<&'a CertifiedResult>,
    witnesses: MerkleTree,
    receipts: Option<MerkleTree>,
}

impl<'a> Proofs<'a> {
    fn new(recent: &'a Recent, result: Option<&'a CertifiedResult>) -> Self {
        let leaves = |result: &CertifiedResult| {
            MerkleTree::new(
                &result
                    .body
                    .receipts
                    .iter()
                    .map(receipt_leaf)
                    .collect::<Vec<_>>(),
            )
        };
        Self {
            recent,
            result,
            witnesses: MerkleTree::new(&recent.witness_ids),
            receipts: result.map(leaves),
        }
    }

    fn receipts(&self, places: &[usize]) -> Receipts {
        let entries = places.iter().map(|place| self.entry(*place)).collect();
        Receipts {
            header: self.recent.block.header.clone(),
            commit: self.recent.block.certificate.clone(),
            result: self.result.map(|result| result.certificate.clone()),
            entries: List::new(entries).expect("no more than the block's items"),
        }
    }

    fn entry(&self, place: usize) -> ReceiptEntry {
        ReceiptEntry {
            tx_id: self.recent.tx_ids[place],
            witness_id: self.recent.witness_ids[place],
            witness_path: self.witnesses.path(place),
            receipt: self
                .result
                .map(|result| result.body.receipts[place].clone()),
            receipt_path: self.receipts.as_ref().map(|tree| tree.path(place)),
        }
    }
}
