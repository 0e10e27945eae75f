//! PREPARE and COMMIT: saying them, counting them, and deciding by them.

use std::sync::Arc;

use daicho_types::block::CommitCertificate;
use daicho_types::limits::SYNC_BLOCKS_MAX;
use daicho_types::{Digest, Height, ReplicaId};

use crate::interface::{Alarm, Committed, Destination, Evidence};
use crate::message::{Commit, Message, Prepare, PrepareCertificate, Proposal, Vote};
use crate::record::{Prepared, Record};
use crate::replica::{Replica, Turn};
use crate::tally::Added;

impl Replica {
    pub(crate) fn on_prepare(&mut self, from: ReplicaId, m: Prepare, turn: &mut Turn<'_>) {
        let place = (m.replica, m.view, m.height);
        if !self.vote_counts(from, place, || Message::Prepare(m.clone()), turn) {
            return;
        }
        let slot = self.slots.entry(m.height).or_default();
        let electorate = &self.config.electorate;
        match slot
            .prepares
            .add(electorate, from, m.subject(), m.signature)
        {
            Added::Conflict(a, b) => {
                self.report(from, Evidence::TwoPrepares(Box::new((a, b))), turn);
            }
            Added::Bad => turn.bad_message(from, "the signature of a PREPARE"),
            Added::New | Added::Known => {}
        }
    }

    pub(crate) fn on_commit(&mut self, from: ReplicaId, m: Commit, turn: &mut Turn<'_>) {
        let place = (m.replica, m.view, m.height);
        if !self.vote_counts(from, place, || Message::Commit(m.clone()), turn) {
            return;
        }
        let slot = self.slots.entry(m.height).or_default();
        let electorate = &self.config.electorate;
        match slot.commits.add(electorate, from, m.subject(), m.signature) {
            Added::Conflict(a, b) => {
                self.report(from, Evidence::TwoCommits(Box::new((a, b))), turn);
            }
            Added::Bad => turn.bad_message(from, "the signature of a COMMIT"),
            Added::New | Added::Known => {}
        }
    }

    /// Whether a vote belongs to the current view and window. One of a view
    /// to come is put aside.
    fn vote_counts(
        &mut self,
        from: ReplicaId,
        (voter, view, height): (ReplicaId, daicho_types::View, Height),
        message: impl FnOnce() -> Message,
        turn: &mut Turn<'_>,
    ) -> bool {
        if voter != from {
            turn.bad_message(from, "a vote under another's name");
            return false;
        }
        if self.config.electorate.key(from).is_none() {
            turn.bad_message(from, "a vote by a node that has none");
            return false;
        }
        if view < self.stand.view || !self.is_near(height) {
            return false;
        }
        if view > self.stand.view || !self.stand.active {
            self.peers.defer(from, view, message());
            return false;
        }
        true
    }

    /// Accepts a block that was judged, and says so.
    pub(crate) fn vote_prepare(
        &mut self,
        block: Arc<Proposal>,
        digest: Digest,
        turn: &mut Turn<'_>,
    ) {
        let (height, parent) = (block.height(), block.header.parent);
        assert!(
            self.stand.active && height > self.stand.base,
            "votes need a view"
        );
        assert!(height <= self.window_end(), "votes stay in the window");
        if self.chain.hold(digest, block.clone()) {
            turn.persist(Record::Block((*block).clone()));
        }
        let may_vote = self.may_vote();
        let slot = self
            .slots
            .get_mut(&height)
            .expect("a candidate stands here");
        slot.accepted = Some(digest);
        if !may_vote {
            return;
        }
        let again = slot.voted.replace((digest, parent));
        assert!(
            again.is_none_or(|(voted, _)| voted == digest),
            "never two PREPAREs at one height of one view"
        );
        if again.is_none() {
            turn.persist(Record::Prepare(Prepared {
                view: self.stand.view,
                height,
                block: digest,
            }));
        }
        self.say_prepare(height, turn);
    }

    /// Signs and sends the PREPARE decided on at `height`.
    pub(crate) fn say_prepare(&mut self, height: Height, turn: &mut Turn<'_>) {
        let (view, me) = (self.stand.view, self.config.me);
        let slot = self.slots.get_mut(&height).expect("a vote was decided on");
        let (block, parent) = slot.voted.expect("a vote was decided on");
        let subject = (view, height, block, parent);
        let signature = turn
            .context
            .sign(Prepare::DOMAIN, &Prepare::payload(&subject));
        slot.prepares.add_own(me, subject, signature);
        let vote = Prepare::cast(&subject, me, signature);
        turn.send(Destination::Validators, Message::Prepare(vote));
    }

    /// Makes prepare certificates of what was accepted.
    pub(crate) fn prepare_blocks(&mut self, turn: &mut Turn<'_>) {
        if !self.may_vote() || !self.stand.active {
            return;
        }
        let mut bad = Vec::new();
        for (height, slot) in &mut self.slots {
            let Some(block) = slot.accepted.filter(|_| slot.prepared.is_none()) else {
                continue;
            };
            let parent = slot.voted.expect("whoever may vote did").1;
            let subject = (self.stand.view, *height, block, parent);
            let electorate = &self.config.electorate;
            let Some(signatures) = slot.prepares.certificate(electorate, &subject, &mut bad) else {
                continue;
            };
            let certificate = PrepareCertificate {
                view: self.stand.view,
                height: *height,
                block,
                parent,
                signatures,
            };
            slot.prepared = Some(certificate.clone());
            self.certificates.insert(*height, certificate.clone());
            turn.persist(Record::Certificate(certificate));
        }
        for voter in bad {
            turn.bad_message(voter, "the signature of a PREPARE");
        }
    }

    /// Says COMMIT for every height prepared without a gap from the tip.
    pub(crate) fn say_commits(&mut self, turn: &mut Turn<'_>) {
        if !self.may_vote() || !self.stand.active {
            return;
        }
        let mut height = self.chain.height().next();
        while self.is_prepared(height) {
            if !self.slots[&height].commit_said {
                self.say_commit(height, turn);
            }
            height = height.next();
        }
    }

    fn is_prepared(&self, height: Height) -> bool {
        self.slots
            .get(&height)
            .is_some_and(|slot| slot.accepted.is_some() && slot.prepared.is_some())
    }

    /// Signs and sends COMMIT at `height`.
    pub(crate) fn say_commit(&mut self, height: Height, turn: &mut Turn<'_>) {
        let (view, me) = (self.stand.view, self.config.me);
        let slot = self.slots.get_mut(&height).expect("it is prepared");
        let block = slot.accepted.expect("it is prepared");
        let subject = (view, height, block);
        let signature = turn
            .context
            .sign(Commit::DOMAIN, &Commit::payload(&subject));
        slot.commit_said = true;
        slot.commits.add_own(me, subject, signature);
        let vote = Commit::cast(&subject, me, signature);
        turn.send(Destination::Validators, Message::Commit(vote));
    }

    /// Decides the height after the tip if a quorum said COMMIT. A block that
    /// is not accepted here is judged again without the clock, or fetched.
    pub(crate) fn decide_block(&mut self, turn: &mut Turn<'_>) {
        let height = self.chain.height().next();
        self.certify_commit(height, turn);
        let Some(slot) = self.slots.get(&height) else {
            return;
        };
        let Some(certificate) = slot.decided.clone() else {
            return;
        };
        if slot.accepted != Some(certificate.block) && slot.candidate() == Some(certificate.block) {
            self.accept_blocks(turn);
        }
        if self.slots[&height].accepted == Some(certificate.block) {
            let block = self.accepted(height).expect("just found");
            self.commit(block, certificate, turn);
        } else {
            self.want_decided(&certificate);
        }
    }

    fn certify_commit(&mut self, height: Height, turn: &mut Turn<'_>) {
        let Some(slot) = self.slots.get_mut(&height).filter(|s| s.decided.is_none()) else {
            return;
        };
        let electorate = &self.config.electorate;
        let Some(subject) = slot.commits.leading(electorate.quorum()) else {
            return;
        };
        let mut bad = Vec::new();
        let signatures = slot.commits.certificate(electorate, &subject, &mut bad);
        let (view, height, block) = subject;
        slot.decided = signatures.map(|signatures| CommitCertificate {
            view,
            height,
            block,
            signatures,
        });
        for voter in bad {
            turn.bad_message(voter, "the signature of a COMMIT");
        }
    }

    fn want_decided(&mut self, certificate: &CommitCertificate) {
        let (me, height) = (self.config.me, certificate.height);
        let voters = certificate.signatures.iter().map(|entry| entry.replica);
        let holders = voters.filter(|id| *id != me).map(|id| (id, height));
        let holders: Vec<_> = holders.collect();
        self.peers.want_decided(height, height, &holders);
    }

    /// A decided block from a peer.
    pub(crate) fn on_fetched(&mut self, committed: Committed, turn: &mut Turn<'_>) {
        let Committed {
            proposal,
            certificate,
        } = committed;
        let digest = proposal.digest();
        let height = proposal.height();
        if self.config.electorate.check_commit(&certificate).is_err()
            || (certificate.block, certificate.height) != (digest, height)
            || height.0 == 0
        {
            return turn.alarm(Alarm::BadFetch { height });
        }
        let ours = self.chain.digest_at(height);
        if let Some(ours) = ours.filter(|ours| *ours != digest) {
            return self.halt(height, ours, digest, turn);
        }
        if height != self.chain.height().next() || self.chain.unapplied().len() > SYNC_BLOCKS_MAX {
            return;
        }
        if proposal.header.parent != self.chain.digest() {
            return self.halt(height, self.chain.digest(), digest, turn);
        }
        let block = Arc::new(proposal);
        if self.chain.hold(digest, block.clone()) {
            turn.persist(Record::Block((*block).clone()));
        }
        self.commit(block, certificate, turn);
        if self.is_behind() {
            self.catch_up();
        }
    }

    /// Moves the tip.
    fn commit(
        &mut self,
        block: Arc<Proposal>,
        certificate: CommitCertificate,
        turn: &mut Turn<'_>,
    ) {
        let (height, view) = (certificate.height, certificate.view);
        turn.persist(Record::Committed(certificate.clone()));
        turn.out.deliver.push(Committed {
            proposal: (*block).clone(),
            certificate: certificate.clone(),
        });
        if self.barren_views() > 0 {
            // The commit shortens the time-out: what has waited through the
            // long one waits anew.
            self.timers.view_since = turn.now;
        }
        self.chain.extend(block, certificate);
        self.slots = self.slots.split_off(&height.next());
        self.certificates = self.certificates.split_off(&height.next());
        self.timers.commit_at = turn.now;
        self.peers.forget_wants_below(height.next());
        self.drop_orphans();
        if view > self.stand.view {
            self.leave_for(view, "a block was decided in a later view", turn);
        }
    }

    /// What was accepted on another parent than the tip cannot be decided.
    fn drop_orphans(&mut self) {
        let next = self.chain.height().next();
        let linked = self
            .accepted(next)
            .is_none_or(|block| block.header.parent == self.chain.digest());
        if !linked {
            for slot in self.slots.values_mut() {
                slot.accepted = None;
                slot.prepared = None;
            }
        }
    }

    pub(crate) fn halt(
        &mut self,
        height: Height,
        ours: Digest,
        theirs: Digest,
        turn: &mut Turn<'_>,
    ) {
        self.halted = true;
        turn.alarm(Alarm::SafetyViolated {
            height,
            ours,
            theirs,
        });
    }
}
