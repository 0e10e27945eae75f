//! Proposing, judging and accepting blocks: PRE-PREPARE, and what it takes to
//! say PREPARE.

use std::sync::Arc;

use daicho_crypto::{Domain, merkle_root, verify};
use daicho_types::block::{BlockHeader, PROTOCOL_VERSION};
use daicho_types::{ConsensusTime, Digest, Height, Monotonic, ReplicaId, Signature};

use crate::context::{Draft, Opening, Verdict};
use crate::interface::{Alarm, Destination, Evidence, Fetch, Misproposal};
use crate::message::{Message, PrePrepare, Proposal};
use crate::replica::{Replica, Turn};
use crate::slot::{Proposed, Slot};
use crate::timers::after;

/// A leader further from the clock than this is alarmed while it is still
/// inside the bound.
const CLOCK_SKEW_ALARM_US: u64 = 500_000;

/// What stands in the way of accepting a block.
enum Obstacle {
    /// It breaks a rule for ever.
    Invalid(String),
    /// Its time is out of bounds now, by so much.
    Time(i64),
    /// Bodies are missing.
    Bodies,
}

impl Replica {
    /// A leader's proposal. Judged later, when its parent is accepted; here
    /// only what needs no context.
    pub(crate) fn on_pre_prepare(&mut self, from: ReplicaId, m: PrePrepare, turn: &mut Turn<'_>) {
        let height = m.proposal.height();
        if m.leader != from {
            return turn.bad_message(from, "a proposal under another's name");
        }
        let leader = self.config.leader(height, m.view);
        if leader != from {
            return self.refuse_usurper(m, leader, turn);
        }
        if m.view < self.stand.view || !self.is_near(height) {
            return;
        }
        if m.view > self.stand.view || !self.stand.active {
            return self.peers.defer(from, m.view, Message::PrePrepare(m));
        }
        if height <= self.stand.base {
            return;
        }
        let digest = m.proposal.digest();
        let standing = self
            .slots
            .get(&height)
            .and_then(|slot| slot.proposed.as_ref());
        if standing.is_some_and(|p| p.digest == digest) {
            return;
        }
        if !self.is_signed(&m) {
            return turn.bad_message(from, "the proposal's signature");
        }
        if let Some(first) = standing {
            let both = Box::new((first.message(m.view), m));
            return self.report(from, Evidence::TwoProposals(both), turn);
        }
        match self.check_form(&m.proposal) {
            Err(rule) => self.report_invalid(m, rule.to_string(), turn),
            Ok(()) => self.place(m, digest, turn.now),
        }
    }

    fn place(&mut self, m: PrePrepare, digest: Digest, now: Monotonic) {
        let slot = self.slots.entry(m.proposal.height()).or_default();
        if slot.kept.as_ref().is_some_and(|kept| kept.block != digest) {
            return;
        }
        slot.fill(now);
        slot.proposed = Some(Proposed {
            digest,
            block: Arc::new(m.proposal),
            leader: m.leader,
            signature: m.signature,
        });
    }

    fn is_signed(&self, m: &PrePrepare) -> bool {
        let (domain, chain) = (Domain::SignPrePrepare, &self.config.chain);
        let key = self.config.node_keys.get(&m.leader);
        key.is_some_and(|key| verify(key, domain, chain, &m.payload(), &m.signature).is_ok())
    }

    /// R29: a signed block by someone whose turn it is not is kept against it.
    fn refuse_usurper(&mut self, m: PrePrepare, leader: ReplicaId, turn: &mut Turn<'_>) {
        let from = m.leader;
        if !self.is_signed(&m) {
            return turn.bad_message(from, "the proposal's signature");
        }
        let what = if self.config.electorate.key(from).is_some() {
            Misproposal::NotLeader(leader)
        } else {
            Misproposal::NotValidator
        };
        self.report(from, Evidence::Proposal(Box::new(m), what), turn);
    }

    fn report_invalid(&mut self, m: PrePrepare, reason: String, turn: &mut Turn<'_>) {
        let from = m.leader;
        let what = Misproposal::Invalid(reason);
        self.report(from, Evidence::Proposal(Box::new(m), what), turn);
    }

    /// Reports evidence, so much per peer and no more.
    pub(crate) fn report(&mut self, against: ReplicaId, what: Evidence, turn: &mut Turn<'_>) {
        if self.peers.may_report(against) {
            turn.evidence(what);
        }
    }

    /// The rules that need no context.
    fn check_form(&self, block: &Proposal) -> Result<(), &'static str> {
        let header = &block.header;
        if header.protocol != PROTOCOL_VERSION {
            return Err("another protocol version");
        }
        if header.validators != self.config.validators {
            return Err("another set of validators");
        }
        if header.items as usize != block.witness_ids.len() {
            return Err("the item count is not that of the witness ids");
        }
        if header.witness_root != merkle_root(&block.witness_ids) {
            return Err("the witness root is not that of the witness ids");
        }
        if header.items > self.config.rules.block_items_max {
            return Err("more items than a block may hold");
        }
        Ok(())
    }

    /// A block that [`Fetch::Block`] asked for: kept if something names it.
    pub(crate) fn on_block(&mut self, block: Proposal) {
        let digest = block.digest();
        let slot = self.slots.get(&block.height());
        let wanted = slot.is_some_and(|slot| slot.kept.as_ref().is_some_and(|k| k.block == digest));
        if wanted && self.check_form(&block).is_ok() {
            let slot = self.slots.get_mut(&block.height()).expect("found above");
            slot.fetched = Some(Arc::new(block));
        }
    }

    /// Bodies came: whatever waited for them is judged again.
    pub(crate) fn on_bodies(&mut self, block: Digest) {
        let waiting = |slot: &&mut Slot| slot.candidate() == Some(block);
        if let Some(slot) = self.slots.values_mut().find(waiting) {
            slot.bodies_missing = false;
        }
    }

    /// Accepts blocks from the tip upwards, as far as it goes.
    pub(crate) fn accept_blocks(&mut self, turn: &mut Turn<'_>) {
        if !self.stand.active
            || self.chain.unapplied().len() > usize::from(self.config.rules.window_heights)
        {
            return;
        }
        let mut ancestors: Vec<Arc<Proposal>> = self.chain.unapplied().iter().cloned().collect();
        let mut height = self.chain.height().next();
        while height <= self.window_end() {
            let Some(block) = self
                .accepted(height)
                .or_else(|| self.accept(height, &ancestors, turn))
            else {
                break;
            };
            ancestors.push(block);
            height = height.next();
        }
    }

    /// The block accepted at `height` in this view.
    pub(crate) fn accepted(&self, height: Height) -> Option<Arc<Proposal>> {
        let digest = self.slots.get(&height)?.accepted?;
        let block = self.chain.held(&digest);
        Some(block.expect("an accepted block is held").clone())
    }

    fn accept(
        &mut self,
        height: Height,
        ancestors: &[Arc<Proposal>],
        turn: &mut Turn<'_>,
    ) -> Option<Arc<Proposal>> {
        let slot = self
            .slots
            .get(&height)
            .filter(|slot| !slot.refused && !slot.bodies_missing)?;
        let digest = slot.candidate()?;
        let parent = ancestors
            .last()
            .map_or_else(|| self.chain.digest(), |b| b.digest());
        let certified =
            slot.kept.is_some() || slot.decided.as_ref().is_some_and(|c| c.block == digest);
        if slot.voted.is_some_and(|(voted, _)| voted != digest) {
            return None;
        }
        let block = self.find_candidate(height, digest)?;
        if block.header.parent != parent {
            return None;
        }
        match self.judge(&block, certified, ancestors, turn) {
            Ok(()) => {
                self.vote_prepare(block.clone(), digest, turn);
                Some(block)
            }
            Err(obstacle) => {
                self.stumble(height, digest, certified, obstacle, turn);
                None
            }
        }
    }

    /// The block of a candidate, wherever it is.
    fn find_candidate(&mut self, height: Height, digest: Digest) -> Option<Arc<Proposal>> {
        let slot = self.slots.get(&height)?;
        let proposed = slot.proposed.as_ref().map(|p| &p.block);
        let here = self
            .chain
            .held(&digest)
            .or(proposed)
            .or(slot.fetched.as_ref());
        if let Some(block) = here {
            return Some(block.clone());
        }
        let kept = slot
            .kept
            .as_ref()
            .expect("only a kept block can be missing");
        let holders = kept.signatures.iter().map(|entry| entry.replica);
        let want = Fetch::Block {
            height,
            block: digest,
            holders: holders.filter(|id| *id != self.config.me).collect(),
        };
        self.peers.want(want);
        None
    }

    /// Every rule of acceptance, in order of cost. A block with a certificate
    /// is not judged by the clock again.
    fn judge(
        &self,
        block: &Arc<Proposal>,
        certified: bool,
        ancestors: &[Arc<Proposal>],
        turn: &mut Turn<'_>,
    ) -> Result<(), Obstacle> {
        let parent = ancestors.last();
        let parent_time = parent.map_or_else(|| self.chain.time(), |b| b.header.time);
        let invalid = |rule: &str| Err(Obstacle::Invalid(rule.to_string()));
        if block.header.time <= parent_time {
            return invalid("its time is not above its parent's");
        }
        if !certified {
            self.check_clock(block, turn)?;
        }
        match turn.context.validate(block, ancestors) {
            Verdict::Valid => Ok(()),
            Verdict::Invalid(reason) => Err(Obstacle::Invalid(reason)),
            Verdict::MissingBodies => Err(Obstacle::Bodies),
        }
    }

    /// The last height that the result window of this node lets propose.
    fn result_limit(&self) -> Height {
        Height(self.certified().0 + u64::from(self.config.rules.result_window_heights))
    }

    fn check_clock(&self, block: &Proposal, turn: &mut Turn<'_>) -> Result<(), Obstacle> {
        let skew = i128::from(block.header.time.0) - i128::from(turn.context.wall_clock().0);
        let bound = self.config.time_bound_us(self.barren_views());
        let shown = i64::try_from(skew).unwrap_or(if skew < 0 { i64::MIN } else { i64::MAX });
        if skew.unsigned_abs() > u128::from(bound) {
            return Err(Obstacle::Time(shown));
        }
        let leader = self.config.leader(block.height(), self.stand.view);
        if skew.unsigned_abs() > u128::from(CLOCK_SKEW_ALARM_US) && leader != self.config.me {
            turn.alarm(Alarm::ClockSkew {
                leader,
                skew_us: shown,
            });
        }
        Ok(())
    }

    fn stumble(
        &mut self,
        height: Height,
        digest: Digest,
        certified: bool,
        obstacle: Obstacle,
        turn: &mut Turn<'_>,
    ) {
        let view = self.stand.view;
        let bound_us = self.config.time_bound_us(self.barren_views());
        let leader = self.config.leader(height, view);
        let slot = self.slots.get_mut(&height).expect("the caller found it");
        match obstacle {
            Obstacle::Bodies => {
                slot.bodies_missing = true;
                let kept = slot.kept.iter().flat_map(|k| k.signatures.iter());
                let holders: Vec<_> = kept.map(|entry| entry.replica).chain([leader]).collect();
                self.peers.want(Fetch::Bodies {
                    height,
                    block: digest,
                    holders: holders
                        .into_iter()
                        .filter(|id| *id != self.config.me)
                        .collect(),
                });
            }
            Obstacle::Time(skew_us) => {
                if !core::mem::replace(&mut slot.time_alarmed, true) {
                    turn.alarm(Alarm::TimeRefused {
                        leader,
                        skew_us,
                        bound_us,
                    });
                }
            }
            Obstacle::Invalid(reason) => {
                slot.refused = true;
                match slot.proposed.as_ref().map(|p| p.message(view)) {
                    Some(m) if !certified => self.report_invalid(m, reason, turn),
                    _ => turn.alarm(Alarm::ValidityDiverged {
                        height,
                        block: digest,
                        reason,
                    }),
                }
            }
        }
    }

    /// Proposes whatever this replica leads and may propose.
    pub(crate) fn propose_blocks(&mut self, turn: &mut Turn<'_>) {
        self.timers.clock_due = None;
        while let Some(proposal) = self.next_proposal(turn) {
            let digest = proposal.digest();
            self.timers.proposed_at = Some(turn.now);
            let block = Arc::new(proposal);
            self.send_proposal(&block, turn);
            self.vote_prepare(block, digest, turn);
        }
    }

    /// Signs a block of this replica's own and sends it.
    pub(crate) fn send_proposal(&mut self, block: &Arc<Proposal>, turn: &mut Turn<'_>) {
        let mut message = PrePrepare {
            view: self.stand.view,
            leader: self.config.me,
            signature: Signature([0; 64]),
            proposal: (**block).clone(),
        };
        let payload = message.payload();
        message.signature = turn.context.sign(Domain::SignPrePrepare, &payload);
        self.place(message.clone(), block.digest(), turn.now);
        turn.send(Destination::Validators, Message::PrePrepare(message));
    }

    fn next_proposal(&mut self, turn: &mut Turn<'_>) -> Option<Proposal> {
        if !self.stand.active || !self.may_vote() {
            return None;
        }
        let ancestors = self.ancestors();
        let tip = self.chain.height();
        let height = ancestors.last().map_or(tip, |b| b.height()).next();
        if height > self.window_end()
            || height <= self.stand.base
            || height > self.result_limit()
            || self.config.leader(height, self.stand.view) != self.config.me
        {
            return None;
        }
        let taken = |slot: &Slot| slot.since.is_some() || slot.voted.is_some();
        if self.slots.get(&height).is_some_and(taken) {
            return None;
        }
        let time = self.proposal_time(&ancestors, turn)?;
        let parent = ancestors
            .last()
            .map_or_else(|| self.chain.digest(), |b| b.digest());
        let window = u64::from(self.config.rules.result_window_heights);
        let draft = turn.context.build(&Opening {
            height,
            time,
            parent,
            ancestors: &ancestors,
            result_height_min: Height(height.0.saturating_sub(window)),
        })?;
        let block = self.block_of(draft, height, parent, time);
        if self.check_form(&block).is_err() {
            turn.alarm(Alarm::BadDraft { height });
            return None;
        }
        Some(block)
    }

    /// The time to stamp, once the block interval is over and the clock is
    /// past the parent's: nobody honest stamps ahead.
    fn proposal_time(
        &mut self,
        ancestors: &[Arc<Proposal>],
        turn: &mut Turn<'_>,
    ) -> Option<ConsensusTime> {
        let interval = self.config.rules.block_interval_us;
        let free_at = self.timers.proposed_at.map(|at| after(at, interval));
        if free_at.is_some_and(|at| at > turn.now) {
            return None;
        }
        let parent = ancestors
            .last()
            .map_or_else(|| self.chain.time(), |b| b.header.time);
        let clock = turn.context.wall_clock().0;
        if clock <= parent.0 {
            let wait = (parent.0 - clock).saturating_add(1);
            self.timers.clock_due = Some(after(turn.now, wait));
            return None;
        }
        Some(ConsensusTime(clock))
    }

    /// What the next proposal stands on: decided blocks that the control state
    /// is not past yet, then the accepted ones.
    fn ancestors(&self) -> Vec<Arc<Proposal>> {
        let mut blocks: Vec<Arc<Proposal>> = self.chain.unapplied().iter().cloned().collect();
        let mut height = self.chain.height().next();
        while let Some(block) = self.accepted(height) {
            blocks.push(block);
            height = height.next();
        }
        blocks
    }

    fn block_of(
        &self,
        draft: Draft,
        height: Height,
        parent: Digest,
        time: ConsensusTime,
    ) -> Proposal {
        Proposal {
            header: BlockHeader {
                protocol: PROTOCOL_VERSION,
                height,
                parent,
                time,
                feeds: draft.feeds,
                result: draft.result,
                witness_root: merkle_root(&draft.witness_ids),
                items: u32::try_from(draft.witness_ids.len()).expect("bounded by the list"),
                control: draft.control,
                validators: self.config.validators,
            },
            witness_ids: draft.witness_ids,
        }
    }
}
