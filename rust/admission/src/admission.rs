//! The two doors and the builder's hand.

use std::collections::BTreeSet;
use std::sync::Arc;

use daicho_crypto::verify_batch;
use daicho_types::{Alias, ChainId, Code, ConsensusTime, Digest, Monotonic, PublicKey};

use crate::cache::Cache;
use crate::counters::Counters;
use crate::held::Held;
use crate::item::{Admitted, Candidate};
use crate::pool::{Dropped, Ordered, Pool};
use crate::{Bounds, Origin};

/// The control state, as admission sees it: after the newest block that the
/// node believes in for [`Admission::submit`], after the parent of the block
/// concerned everywhere else.
pub trait Context {
    /// The chain that signatures are for.
    fn chain(&self) -> ChainId;

    /// The key that `sender` signs with.
    ///
    /// # Errors
    /// `UNKNOWN_SENDER` or `REVOKED`.
    fn key(&self, sender: Alias) -> Result<PublicKey, Code>;

    /// Whether the item may stand in a block of that time:
    /// `ControlState::check_item`.
    ///
    /// # Errors
    /// The code of the refusal.
    fn check(&self, item: &Admitted, time: ConsensusTime) -> Result<(), Code>;

    /// Whether the transaction is committed already.
    fn committed(&self, tx_id: &Digest) -> bool;
}

/// What became of one submitted item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The transaction; zero when the bytes are no item.
    pub tx_id: Digest,
    /// Its witness id; zero when the bytes are no item.
    pub witness_id: Digest,
    /// The answer.
    pub answer: Answer,
}

/// An answer to a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is in the pool, new.
    Admitted,
    /// The same transaction waits in the pool already.
    Pending,
    /// The same transaction is committed: its receipt is the answer.
    Committed,
    /// A no; the code says whether trying again makes sense.
    Refused(Code),
}

/// What a block still has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Items.
    pub items: usize,
    /// Bytes of items.
    pub bytes: usize,
    /// Gas that their calls may burn.
    pub gas: u64,
}

impl Room {
    /// What is left beside an item; `None` when it does not fit.
    #[must_use]
    pub fn less(&self, item: &Admitted) -> Option<Self> {
        Some(Self {
            items: self.items.checked_sub(1)?,
            bytes: self.bytes.checked_sub(item.bytes.len())?,
            gas: self.gas.checked_sub(item.item.gas())?,
        })
    }
}

/// What the builder gets.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// Items for the block, in order; they are lent now.
    pub items: Vec<Arc<Admitted>>,
    /// Items that can never be ordered any more; they have left the pool.
    pub dropped: Vec<Dropped>,
}

/// The pool with its doors.
#[derive(Debug)]
pub struct Admission {
    pool: Pool,
    held: Held,
    /// Witness ids that stand in accepted proposals, in the pool or not.
    lent: BTreeSet<Digest>,
    cache: Cache,
    counters: Counters,
}

impl Admission {
    /// An empty pool.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            pool: Pool::new(bounds),
            held: Held::new(bounds.held_items_max, bounds.held_bytes_max),
            lent: BTreeSet::new(),
            cache: Cache::new(bounds.cache_entries_max),
            counters: Counters::default(),
        }
    }

    /// Takes encoded items of clients or relays into the pool. `time` is the
    /// earliest time of the block that could carry them. One verdict per item,
    /// in order.
    pub fn submit(
        &mut self,
        items: Vec<Vec<u8>>,
        context: &impl Context,
        time: ConsensusTime,
        now: Monotonic,
    ) -> Vec<Verdict> {
        let opened: Vec<_> = items
            .into_iter()
            .map(|bytes| self.open(bytes, context))
            .collect();
        self.verify(opened, context)
            .into_iter()
            .map(|outcome| self.conclude(outcome, context, time, now))
            .collect()
    }

    /// Verifies bodies of a proposal, asked for with [`Admission::missing`],
    /// and holds them for [`Admission::get`]. No quota applies. `context` is
    /// the state after the proposal's parent; whether the items may stand in
    /// the block is asked of the whole block later.
    pub fn supply(
        &mut self,
        items: Vec<Vec<u8>>,
        context: &impl Context,
    ) -> Vec<Result<Arc<Admitted>, Code>> {
        let opened = items.into_iter().map(decode).collect();
        self.verify(opened, context)
            .into_iter()
            .map(|outcome| {
                let item = Arc::new(outcome.map_err(|stop| stop.code())?);
                if self.pool.get(&item.witness_id).is_none() {
                    self.counters.held_forgotten += self.held.insert(Arc::clone(&item));
                }
                Ok(item)
            })
            .collect()
    }

    /// Items for a block on the state of `context`, in order of arrival, as many
    /// as there is `room` for. Taking stops at the first item that does not fit,
    /// so that a large one is not passed over for ever. Items that are merely ahead of their window stay for later.
    pub fn take(&mut self, room: Room, context: &impl Context, time: ConsensusTime) -> Taken {
        let (mut taken, mut left, mut refused) = (Taken::default(), room, Vec::new());
        for item in self.pool.queue() {
            if left.items == 0 {
                break;
            }
            match context.check(item, time) {
                Ok(()) => {
                    let Some(less) = left.less(item) else {
                        break;
                    };
                    left = less;
                    taken.items.push(Arc::clone(item));
                }
                Err(Code::SequenceAhead) => {}
                Err(code) => refused.push((item.witness_id, code)),
            }
        }
        for item in &taken.items {
            self.lend(&[item.witness_id]);
        }
        taken.dropped = self.drop_all(refused);
        taken
    }

    /// The body of a proposal's item, from the pool or from those held.
    #[must_use]
    pub fn get(&self, witness_id: &Digest) -> Option<Arc<Admitted>> {
        let found = self.pool.get(witness_id);
        found.or_else(|| self.held.get(witness_id)).cloned()
    }

    /// Those of `witness_ids` whose bodies are not here, each once.
    #[must_use]
    pub fn missing(&self, witness_ids: &[Digest]) -> Vec<Digest> {
        let mut seen = BTreeSet::new();
        let ids = witness_ids.iter().copied();
        ids.filter(|id| self.get(id).is_none() && seen.insert(*id))
            .collect()
    }

    /// The items stand in somebody's accepted proposal: they are not offered
    /// until given back, and a client who submits one hears that it is pending.
    /// The caller's window of proposals bounds how many there are.
    pub fn lend(&mut self, witness_ids: &[Digest]) {
        for id in witness_ids {
            self.lent.insert(*id);
            self.pool.lend(id);
        }
    }

    /// A proposal was truncated: its items are offered again in their old
    /// places. Bodies that were only held join the pool if there is room.
    pub fn give_back(&mut self, witness_ids: &[Digest], now: Monotonic) {
        for id in witness_ids {
            self.lent.remove(id);
            if !self.pool.give_back(id)
                && let Some(body) = self.held.remove(id)
                && let Err(code) = self.pool.insert(body, now)
            {
                self.counters.drop(code);
            }
        }
    }

    /// A block was committed: its items leave, and so does what would use the
    /// same sequences with other bytes. The latter is returned.
    pub fn remove_committed(&mut self, items: &[Ordered]) -> Vec<Dropped> {
        let mut beaten = Vec::new();
        for ordered in items {
            self.lent.remove(&ordered.witness_id);
            let waiting = self.pool.at_origin(&ordered.origin).cloned();
            let Some(waiting) = waiting else { continue };
            if waiting.tx_id == ordered.tx_id {
                self.pool.remove(&waiting.witness_id);
            } else {
                beaten.push((waiting.witness_id, Code::SequenceUsed));
            }
        }
        self.held.remove_all(items.iter().map(|o| o.witness_id));
        self.drop_all(beaten)
    }

    /// Drops what has expired before `time`, the time of the last block. Costs
    /// what it drops.
    pub fn expire(&mut self, time: ConsensusTime) -> Vec<Dropped> {
        let expired = self.pool.expired(time).into_iter();
        self.drop_all(expired.map(|id| (id, Code::Expired)).collect())
    }

    /// Asks the predicate of everything that is offered, and drops what it
    /// refuses for good: after a block that changed parties or keys, since an
    /// item nobody can order would hold a request timer. Costs the pool.
    pub fn sweep(&mut self, context: &impl Context, time: ConsensusTime) -> Vec<Dropped> {
        let mut refused = Vec::new();
        for item in self.pool.queue() {
            match context.check(item, time) {
                Ok(()) | Err(Code::SequenceAhead) => {}
                Err(code) => refused.push((item.witness_id, code)),
            }
        }
        self.drop_all(refused)
    }

    /// When the oldest item that is not committed arrived: what request timers
    /// are about.
    #[must_use]
    pub fn oldest_pending_since(&self) -> Option<Monotonic> {
        self.pool.oldest()
    }

    /// Up to `max` items that are offered and arrived before `moment`, oldest
    /// first: whoever ought to order them may never have heard of them.
    #[must_use]
    pub fn overdue(&self, moment: Monotonic, max: usize) -> Vec<Arc<Admitted>> {
        self.pool.older_than(moment).take(max).cloned().collect()
    }

    /// Items in the pool, lent ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pool.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pool.len() == 0
    }

    /// Items that could be taken now, as far as the pool knows.
    #[must_use]
    pub fn offered(&self) -> usize {
        self.pool.queued()
    }

    /// Bytes of the items in the pool.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.pool.bytes()
    }

    /// Counts so far.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Decodes a submission and turns away what need not be verified.
    fn open(&self, bytes: Vec<u8>, context: &impl Context) -> Result<Candidate, Stop> {
        let candidate = decode(bytes)?;
        let stop = |answer| Stop::of(&candidate, answer);
        if context.committed(&candidate.tx_id) {
            return Err(stop(Answer::Committed));
        }
        let id = &candidate.witness_id;
        if self.lent.contains(id) || self.pool.get(id).is_some() {
            return Err(stop(Answer::Pending));
        }
        let (sender, ..): Origin = candidate.item.origin();
        match self.pool.room(sender, candidate.bytes.len()) {
            Ok(()) => Ok(candidate),
            Err(code) => Err(stop(Answer::Refused(code))),
        }
    }

    /// Verifies the senders' signatures that are not known to be good, all in
    /// one batch.
    fn verify(
        &mut self,
        opened: Vec<Result<Candidate, Stop>>,
        context: &impl Context,
    ) -> Vec<Result<Admitted, Stop>> {
        let chain = context.chain();
        let mut checks = Vec::new();
        let keyed: Vec<_> = opened
            .into_iter()
            .map(|candidate| {
                let candidate = candidate?;
                let key = context.key(candidate.item.origin().0);
                let key = key.map_err(|code| Stop::of(&candidate, Answer::Refused(code)))?;
                let unknown = !self.cache.knows(&candidate.witness_id, &key);
                let place = unknown.then_some(checks.len());
                if unknown {
                    checks.push(candidate.signature_check(&chain, key));
                } else {
                    self.counters.cache_hits += 1;
                }
                Ok((candidate, key, place))
            })
            .collect();
        let good = verify_batch(&checks);
        self.counters.signatures_checked += checks.len() as u64;
        let outcome = |keyed: Result<(Candidate, PublicKey, Option<usize>), Stop>| {
            let (candidate, key, place) = keyed?;
            if !place.is_none_or(|place| good[place]) {
                return Err(Stop::of(&candidate, Answer::Refused(Code::Signature)));
            }
            self.cache.insert(candidate.witness_id, key);
            Ok(candidate.admitted(key))
        };
        keyed.into_iter().map(outcome).collect()
    }

    fn conclude(
        &mut self,
        outcome: Result<Admitted, Stop>,
        context: &impl Context,
        time: ConsensusTime,
        now: Monotonic,
    ) -> Verdict {
        let verdict = match outcome {
            Err(stop) => stop.0,
            Ok(item) => {
                let (tx_id, witness_id) = (item.tx_id, item.witness_id);
                Verdict {
                    tx_id,
                    witness_id,
                    answer: self.enter(item, context, time, now),
                }
            }
        };
        match verdict.answer {
            Answer::Admitted => self.counters.admitted += 1,
            Answer::Pending | Answer::Committed => self.counters.known += 1,
            Answer::Refused(code) => self.counters.refuse(code),
        }
        verdict
    }

    fn enter(
        &mut self,
        item: Admitted,
        context: &impl Context,
        time: ConsensusTime,
        now: Monotonic,
    ) -> Answer {
        // Twice in one submission, or with another good signature.
        if self.pool.has_transaction(&item.tx_id) {
            return Answer::Pending;
        }
        let checked = context.check(&item, time);
        match checked.and_then(|()| self.pool.insert(Arc::new(item), now)) {
            Ok(()) => Answer::Admitted,
            Err(code) => Answer::Refused(code),
        }
    }

    fn drop_all(&mut self, refused: Vec<(Digest, Code)>) -> Vec<Dropped> {
        let mut dropped = Vec::with_capacity(refused.len());
        for (id, code) in refused {
            let item = self.pool.remove(&id).expect("it was found in the pool");
            self.counters.drop(code);
            dropped.push(Dropped {
                tx_id: item.tx_id,
                code,
            });
        }
        dropped
    }
}

/// An item that goes no further, with the answer it gets.
struct Stop(Verdict);

impl Stop {
    fn of(candidate: &Candidate, answer: Answer) -> Self {
        Self(Verdict {
            tx_id: candidate.tx_id,
            witness_id: candidate.witness_id,
            answer,
        })
    }

    fn code(&self) -> Code {
        match self.0.answer {
            Answer::Refused(code) => code,
            _ => Code::Ok,
        }
    }
}

fn decode(bytes: Vec<u8>) -> Result<Candidate, Stop> {
    Candidate::decode(bytes).map_err(|code| {
        Stop(Verdict {
            tx_id: Digest::ZERO,
            witness_id: Digest::ZERO,
            answer: Answer::Refused(code),
        })
    })
}
