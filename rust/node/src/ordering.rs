//! What agreement asks of a node: whether a block is valid, and what the next
//! one should be. Holds the control states, decided and predicted, and the
//! pool; the predicate itself is `ControlState::valid_block` and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use daicho_admission::{Admission, Admitted, Context as Judge, Dropped, Ordered, Room};
use daicho_agreement::{Context, Draft, Opening, Proposal, Verdict};
use daicho_control::{ControlOutcome, ControlState, Entry};
use daicho_crypto::{Domain, SigningKey};
use daicho_types::codec::List;
use daicho_types::genesis::ClockMode;
use daicho_types::limits::BLOCK_GAS_MAX;
use daicho_types::{
    Alias, ChainId, Code, ConsensusTime, Digest, Height, Monotonic, PublicKey, Signature, WallClock,
};

use crate::interface::Now;
use crate::results::Results;

/// A proposal that this node holds whole, and the control state after it.
#[derive(Clone, Debug)]
pub(crate) struct Ahead {
    pub proposal: Arc<Proposal>,
    pub items: Vec<Arc<Admitted>>,
    after: ControlState,
    touched: u64,
}

/// Everything a vote or a proposal of this node rests on.
#[derive(Debug)]
pub(crate) struct Ordering {
    pub pool: Admission,
    pub results: Results,
    pub now: Now,
    /// Items the builder found impossible to order; the node tells their
    /// senders.
    pub dropped: Vec<Dropped>,
    key: SigningKey,
    /// After the last decided block.
    control: ControlState,
    /// Held proposals above it, by digest.
    ahead: BTreeMap<Digest, Ahead>,
    /// Items lent to blocks of this node's own that are not held yet, by
    /// height: agreement does not ask whether its own proposal is valid.
    drafts: BTreeMap<Height, Vec<Digest>>,
    /// Proposals whose bodies are not all here.
    lacking: BTreeMap<Digest, Arc<Proposal>>,
    /// When the last block was decided here.
    decided_at: Monotonic,
    steps: u64,
}

/// A decided block, as the rest of the node needs it.
#[derive(Clone, Debug)]
pub(crate) struct Decided {
    pub items: Vec<Arc<Admitted>>,
    pub dropped: Vec<Dropped>,
}

impl Ordering {
    pub fn new(
        pool: Admission,
        results: Results,
        key: SigningKey,
        control: ControlState,
        now: Now,
    ) -> Self {
        Self {
            pool,
            results,
            now,
            dropped: Vec::new(),
            key,
            control,
            ahead: BTreeMap::new(),
            drafts: BTreeMap::new(),
            lacking: BTreeMap::new(),
            decided_at: now.monotonic,
            steps: 0,
        }
    }

    /// The control state after the last decided block.
    pub fn control(&self) -> &ControlState {
        &self.control
    }

    /// A step begins.
    pub fn begin(&mut self, now: Now) {
        self.now = now;
        self.steps += 1;
    }

    /// A proposal whose bodies are all here.
    pub fn held(&self, block: &Digest) -> Option<&Ahead> {
        self.ahead.get(block)
    }

    /// Proposals with missing bodies that have become whole.
    pub fn completed(&mut self) -> Vec<Digest> {
        let whole = |proposal: &Proposal| self.pool.missing(&proposal.witness_ids).is_empty();
        let found: Vec<_> = self
            .lacking
            .iter()
            .filter(|(_, p)| whole(p))
            .map(|(digest, _)| *digest)
            .collect();
        for digest in &found {
            self.lacking.remove(digest);
        }
        found
    }

    /// Witness ids of a proposal whose bodies are not here.
    pub fn missing(&self, block: &Digest) -> Vec<Digest> {
        let proposal = self.lacking.get(block);
        proposal.map_or_else(Vec::new, |p| self.pool.missing(&p.witness_ids))
    }

    /// The bodies of a block's items, in order, if all are here.
    pub fn bodies(&self, proposal: &Proposal) -> Option<Vec<Arc<Admitted>>> {
        if let Some(ahead) = self.ahead.get(&proposal.digest()) {
            return Some(ahead.items.clone());
        }
        proposal
            .witness_ids
            .iter()
            .map(|id| self.pool.get(id))
            .collect()
    }

    /// Takes items in through the clients' door.
    pub fn submit(
        &mut self,
        items: Vec<Vec<u8>>,
        committed: &dyn Fn(&Digest) -> bool,
    ) -> Vec<daicho_admission::Verdict> {
        let time = self.earliest_time();
        let judge = View {
            control: &self.control,
            committed,
        };
        self.pool.submit(items, &judge, time, self.now.monotonic)
    }

    /// Takes bodies of proposals in; `None` for what does not verify.
    pub fn supply(&mut self, items: Vec<Vec<u8>>) -> Vec<Option<Arc<Admitted>>> {
        let judge = View {
            control: &self.control,
            committed: &|_| false,
        };
        self.pool
            .supply(items, &judge)
            .into_iter()
            .map(Result::ok)
            .collect()
    }

    /// A block is decided: the state moves on.
    ///
    /// # Panics
    /// When bodies are missing: agreement has been told that they are here.
    pub fn decide(&mut self, proposal: &Proposal) -> Decided {
        let digest = proposal.digest();
        let items = self
            .bodies(proposal)
            .expect("bodies were durable before the vote");
        let entries: Vec<_> = items.iter().map(|item| entry(item)).collect();
        let (after, outcomes) = self.control.apply_block(&proposal.header, &entries);
        self.control = after;
        self.decided_at = self.now.monotonic;
        self.ahead.remove(&digest);
        let height = proposal.height();
        self.give_back_rivals(height);
        self.lacking.retain(|_, other| other.height() > height);
        let dropped = self.clear_pool(&items, &outcomes);
        Decided { items, dropped }
    }

    /// A block of this node's own was not proposed, or is not known to be: its
    /// items are offered anew.
    pub fn give_back_draft(&mut self, height: Height) {
        if let Some(ids) = self.drafts.remove(&height) {
            self.pool.give_back(&ids, self.now.monotonic);
        }
    }

    /// Proposals that lost against a decided one: their items are offered anew.
    fn give_back_rivals(&mut self, decided: Height) {
        let old: Vec<_> = self
            .drafts
            .range(..=decided)
            .map(|(height, _)| *height)
            .collect();
        old.into_iter()
            .for_each(|height| self.give_back_draft(height));
        let lost = |ahead: &Ahead| ahead.proposal.height() <= decided;
        let rivals: Vec<_> = self
            .ahead
            .iter()
            .filter(|(_, a)| lost(a))
            .map(|(d, _)| *d)
            .collect();
        for rival in rivals {
            self.drop_ahead(&rival);
        }
    }

    fn drop_ahead(&mut self, block: &Digest) {
        let ahead = self.ahead.remove(block).expect("just listed");
        let ids: Vec<_> = ahead.items.iter().map(|item| item.witness_id).collect();
        self.pool.give_back(&ids, self.now.monotonic);
    }

    fn clear_pool(&mut self, items: &[Arc<Admitted>], outcomes: &[ControlOutcome]) -> Vec<Dropped> {
        let ordered = |item: &Arc<Admitted>| Ordered {
            tx_id: item.tx_id,
            witness_id: item.witness_id,
            origin: item.item.origin(),
        };
        let mut dropped = self
            .pool
            .remove_committed(&items.iter().map(ordered).collect::<Vec<_>>());
        dropped.extend(self.pool.expire(self.control.time()));
        if !outcomes.is_empty() {
            let judge = View {
                control: &self.control,
                committed: &|_| false,
            };
            dropped.extend(self.pool.sweep(&judge, self.control.time()));
        }
        dropped
    }

    /// A view was entered: proposals that this step did not take up again are
    /// truncated, and their items are offered anew.
    pub fn truncate(&mut self) {
        let gone: Vec<_> = self
            .ahead
            .iter()
            .filter(|(_, ahead)| ahead.touched < self.steps)
            .map(|(digest, _)| *digest)
            .collect();
        for digest in gone {
            self.drop_ahead(&digest);
        }
        // A draft that was kept is lent again when the next one builds on it.
        for height in self.drafts.keys().copied().collect::<Vec<_>>() {
            self.give_back_draft(height);
        }
    }

    /// The earliest time that the next block may carry: what a newcomer's
    /// expiry is judged by.
    fn earliest_time(&self) -> ConsensusTime {
        let next = ConsensusTime(self.control.time().0 + 1);
        match self.control.clock() {
            ClockMode::System => next.max(ConsensusTime(self.now.wall.0)),
            ClockMode::Steered => next,
        }
    }

    /// The control state on top of `ancestors`, entering those that are not
    /// held yet. `None` while bodies are missing. A block that was decided
    /// here is an ancestor until agreement has heard that it was applied; the
    /// state is past it already.
    fn state_after(&mut self, ancestors: &[Arc<Proposal>]) -> Option<ControlState> {
        let decided = self.control.height();
        let open = ancestors.iter().filter(|a| a.height() > decided);
        let open: Vec<_> = open.collect();
        // States are large: clone only the last one that is held.
        let held = open.iter().take_while(|p| self.touch(&p.digest())).count();
        let mut state = match held.checked_sub(1) {
            None => self.control.clone(),
            Some(last) => self.ahead[&open[last].digest()].after.clone(),
        };
        for proposal in &open[held..] {
            state = self.enter(proposal, &state)?;
        }
        Some(state)
    }

    /// Marks a held proposal as taken up in this step; false if it is not held.
    fn touch(&mut self, block: &Digest) -> bool {
        let held = self.ahead.get_mut(block);
        held.map(|ahead| ahead.touched = self.steps).is_some()
    }

    fn enter(&mut self, proposal: &Arc<Proposal>, parent: &ControlState) -> Option<ControlState> {
        let digest = proposal.digest();
        if let Some(known) = self.ahead.get_mut(&digest) {
            known.touched = self.steps;
            return Some(known.after.clone());
        }
        let items = self.bodies(proposal)?;
        let entries: Vec<_> = items.iter().map(|item| entry(item)).collect();
        let (after, _) = parent.apply_block(&proposal.header, &entries);
        self.pool.lend(&proposal.witness_ids);
        let ahead = Ahead {
            proposal: Arc::clone(proposal),
            items,
            after: after.clone(),
            touched: self.steps,
        };
        self.ahead.insert(digest, ahead);
        let own = |ids: &Vec<Digest>| ids[..] == proposal.witness_ids[..];
        if self.drafts.get(&proposal.height()).is_some_and(own) {
            self.drafts.remove(&proposal.height());
        }
        Some(after)
    }

    /// When an empty block is due; `None` when idle blocks are off.
    pub fn idle_block_due(&self) -> Option<Monotonic> {
        let idle = self.control.parameters().idle_block_us;
        (idle > 0).then(|| Monotonic(self.decided_at.0.saturating_add(idle)))
    }

    /// Whether an empty block is owed after one of time `last`.
    fn idle_block_owed(&self, last: ConsensusTime, time: ConsensusTime) -> bool {
        let idle = self.control.parameters().idle_block_us;
        idle > 0 && time.0 >= last.0.saturating_add(idle)
    }
}

/// Admission's view of a control state.
struct View<'a> {
    control: &'a ControlState,
    committed: &'a dyn Fn(&Digest) -> bool,
}

impl Judge for View<'_> {
    fn chain(&self) -> ChainId {
        self.control.chain()
    }

    fn key(&self, sender: Alias) -> Result<PublicKey, Code> {
        let party = self.control.party(sender).ok_or(Code::UnknownSender)?;
        match party.revoked {
            None => Ok(party.record.key),
            Some(_) => Err(Code::Revoked),
        }
    }

    fn check(&self, item: &Admitted, time: ConsensusTime) -> Result<(), Code> {
        self.control.check_item(&entry(item), time)
    }

    fn committed(&self, tx_id: &Digest) -> bool {
        (self.committed)(tx_id)
    }
}

pub(crate) fn entry(item: &Admitted) -> Entry<'_> {
    Entry {
        item: &item.item,
        tx_id: item.tx_id,
        witness_id: item.witness_id,
        bytes: item.bytes.len(),
        signer: Some(item.signer),
    }
}

impl Context for Ordering {
    fn wall_clock(&self) -> WallClock {
        match self.control.clock() {
            ClockMode::System => self.now.wall,
            ClockMode::Steered => {
                let last = self
                    .ahead
                    .values()
                    .max_by_key(|ahead| ahead.proposal.height());
                let state = last.map_or(&self.control, |ahead| &ahead.after);
                let time = state.next_time(self.now.wall);
                time.map_or(self.now.wall, |time| WallClock(time.0))
            }
        }
    }

    fn sign(&self, domain: Domain, payload: &[u8]) -> Signature {
        self.key.sign(domain, &self.control.chain(), payload)
    }

    fn owed_since(&self) -> Option<Monotonic> {
        let pending = self
            .pool
            .oldest_pending_since()
            .map(|since| since.max(self.decided_at));
        let idle = self
            .idle_block_due()
            .filter(|due| *due <= self.now.monotonic);
        pending.into_iter().chain(idle).min()
    }

    fn validate(&mut self, block: &Proposal, ancestors: &[Arc<Proposal>]) -> Verdict {
        let Some(parent) = self.state_after(ancestors) else {
            return Verdict::MissingBodies;
        };
        let Some(items) = self.bodies(block) else {
            self.lacking.insert(block.digest(), Arc::new(block.clone()));
            return Verdict::MissingBodies;
        };
        let entries: Vec<_> = items.iter().map(|item| entry(item)).collect();
        if let Err(bad) = parent.valid_block(&block.header, &entries) {
            return Verdict::Invalid(bad.to_string());
        }
        let entered = self.enter(&Arc::new(block.clone()), &parent);
        assert!(entered.is_some(), "its bodies were just found");
        Verdict::Valid
    }

    fn build(&mut self, opening: &Opening<'_>) -> Option<Draft> {
        let last = opening.ancestors.last();
        let last = last.map_or(self.control.time(), |block| block.header.time);
        if self.pool.offered() == 0 && !self.idle_block_owed(last, opening.time) {
            return None;
        }
        let newest = self
            .results
            .newest()
            .filter(|c| c.statement.height < opening.height)
            .cloned();
        let certified = newest.as_ref().map_or(Height(0), |c| c.statement.height);
        if certified < opening.result_height_min {
            return None;
        }
        let parent = self.state_after(opening.ancestors)?;
        assert_eq!(
            parent.block(),
            opening.parent,
            "the chain agreement builds on"
        );
        if parent.clock() == ClockMode::Steered
            && parent.next_time(self.now.wall) != Some(opening.time)
        {
            return None;
        }
        let rules = parent.parameters();
        let room = Room {
            items: rules.block_items_max as usize,
            bytes: rules.block_bytes_max as usize,
            gas: BLOCK_GAS_MAX,
        };
        let judge = View {
            control: &parent,
            committed: &|_| false,
        };
        let taken = self.pool.take(room, &judge, opening.time);
        self.dropped.extend(taken.dropped);
        if taken.items.is_empty() && !self.idle_block_owed(last, opening.time) {
            return None;
        }
        let ids: Vec<_> = taken.items.iter().map(|item| item.witness_id).collect();
        self.drafts.insert(opening.height, ids.clone());
        Some(Draft {
            feeds: List::default(),
            result: newest.filter(|c| c.statement.height > parent.certified()),
            control: parent.digest(),
            witness_ids: List::new(ids).expect("bounded by block_items_max"),
        })
    }
}
