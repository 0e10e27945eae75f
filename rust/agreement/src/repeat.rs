//! Saying things again, helping peers, and catching up. All idempotent.

use daicho_types::limits::SYNC_BLOCKS_MAX;
use daicho_types::{Digest, Height, Monotonic, ReplicaId};

use crate::interface::Destination;
use crate::message::{Message, Status};
use crate::plan::plan;
use crate::replica::{Replica, Turn};

impl Replica {
    /// Lays out the window as the records left it.
    pub(crate) fn restore_slots(&mut self) {
        if !self.stand.active {
            self.to_revive.clear();
            return;
        }
        if let Some(new_view) = &self.stand.new_view {
            let plan = plan(self.config.chain, &new_view.view_changes);
            self.stand.base = plan.base_height();
            for kept in plan.kept {
                if kept.height > self.chain.height() {
                    let slot = self.slots.entry(kept.height).or_default();
                    slot.kept = Some(kept);
                    slot.fill(Monotonic(0));
                }
            }
        }
    }

    /// First step after a restart: takes up the votes in the records, as far
    /// as they stand on the tip, and says them again.
    pub(crate) fn revive_votes(&mut self, turn: &mut Turn<'_>) {
        let mut parent = self.chain.digest();
        for (height, digest) in core::mem::take(&mut self.to_revive) {
            let slot = self.slots.entry(height).or_default();
            // Whatever else is lost, the vote stands.
            slot.voted = Some((digest, Digest::ZERO));
            let Some(block) = self.chain.held(&digest).cloned() else {
                continue;
            };
            slot.voted = Some((digest, block.header.parent));
            slot.fill(turn.now);
            if block.header.parent != parent {
                continue;
            }
            parent = digest;
            slot.accepted = Some(digest);
            let certificate = self.certificates.get(&height);
            slot.prepared = certificate
                .filter(|c| c.view == self.stand.view && c.block == digest)
                .cloned();
            if self.may_vote() {
                self.say_again(height, block, turn);
            }
        }
    }

    fn say_again(
        &mut self,
        height: Height,
        block: std::sync::Arc<crate::message::Proposal>,
        turn: &mut Turn<'_>,
    ) {
        let kept = self.slots[&height].kept.is_some();
        if !kept && self.config.leader(height, self.stand.view) == self.config.me {
            self.send_proposal(&block, turn);
        }
        self.say_prepare(height, turn);
    }

    /// Every `resend_us`: where this replica stands; and what it last said, if
    /// nothing has moved since.
    pub(crate) fn repeat(&mut self, turn: &mut Turn<'_>) {
        let status = self.status(0);
        turn.send(Destination::Nodes, Message::Status(status));
        if let Some(abstention) = &self.abstention {
            abstention.ask(turn);
        }
        let stand = (self.stand.view, self.stand.active, self.chain.height());
        let stuck = self.timers.last_seen.replace(stand) == Some(stand);
        if stuck {
            self.say_all_again(turn);
            self.ask_again();
        }
    }

    pub(crate) fn say_all_again(&mut self, turn: &mut Turn<'_>) {
        if !self.may_vote() {
            return;
        }
        if let Some(vote) = self.checkpoints.unstable_vote(self.config.me) {
            turn.send(Destination::Validators, Message::Checkpoint(vote));
        }
        if self.stand.active {
            self.say_votes_again(turn);
        } else if let Some(own) = self.departures.of(self.config.me) {
            let message = Message::ViewChange(own.clone());
            turn.send(Destination::Validators, message);
        }
    }

    fn say_votes_again(&mut self, turn: &mut Turn<'_>) {
        let me = self.config.me;
        let view = self.stand.view;
        for slot in self.slots.values() {
            let own = slot.proposed.as_ref().filter(|p| p.leader == me);
            if let Some(proposed) = own.filter(|_| slot.kept.is_none()) {
                let message = Message::PrePrepare(proposed.message(view));
                turn.send(Destination::Validators, message);
            }
            if let Some(vote) = slot.prepares.vote_of(me) {
                turn.send(Destination::Validators, Message::Prepare(vote));
            }
            if let Some(vote) = slot.commits.vote_of(me) {
                turn.send(Destination::Validators, Message::Commit(vote));
            }
        }
    }

    /// Whatever is still missing is asked for once more, of another peer.
    fn ask_again(&mut self) {
        self.peers.forget_wants();
        for slot in self.slots.values_mut() {
            slot.bodies_missing = false;
        }
        self.catch_up();
    }

    /// Fetches decided blocks from a peer that says it has them.
    pub(crate) fn catch_up(&mut self) {
        let tip = self.chain.height();
        let most = Height(tip.0 + SYNC_BLOCKS_MAX as u64);
        let holders = self.peers.ahead_of(tip);
        self.peers.want_decided(tip.next(), most, &holders);
    }

    fn status(&self, nonce: u64) -> Status {
        Status {
            view: self.stand.view,
            active: self.stand.active,
            tip: self.chain.height(),
            stable: self.checkpoints.stable_height(),
            nonce,
        }
    }

    pub(crate) fn on_status_request(&mut self, from: ReplicaId, nonce: u64, turn: &mut Turn<'_>) {
        let status = self.status(nonce);
        turn.send(Destination::One(from), Message::Status(status));
    }

    pub(crate) fn on_status(&mut self, from: ReplicaId, m: &Status, turn: &mut Turn<'_>) {
        if self.config.electorate.key(from).is_none() {
            return;
        }
        self.peers.claim_tip(from, m.tip);
        if let Some(abstention) = &mut self.abstention {
            abstention.hear(from, m, &self.config, turn);
        }
        if m.view < self.stand.view || (m.view == self.stand.view && !m.active) {
            self.help_into_view(from, turn);
        }
        // Further behind than the window, no vote can help any more; and an
        // observer gets none.
        if m.tip > self.window_end() || !self.config.is_validator() {
            self.catch_up();
        }
    }

    /// Sends the NEW-VIEW of this view to a peer that is not in it.
    pub(crate) fn help_into_view(&mut self, from: ReplicaId, turn: &mut Turn<'_>) {
        if !self.stand.active {
            return;
        }
        if let Some(new_view) = &self.stand.new_view
            && self
                .peers
                .may_help(from, turn.now, self.config.resend_us / 2)
        {
            let message = Message::NewView(new_view.clone());
            turn.send(Destination::One(from), message);
        }
    }
}
