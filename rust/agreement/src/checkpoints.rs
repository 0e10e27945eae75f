//! Signed agreement on the control state every so many heights.

use std::collections::BTreeMap;

use daicho_types::{Digest, Height, ReplicaId};

use crate::interface::{Alarm, Destination};
use crate::message::{Checkpoint, CheckpointCertificate, Message, Vote};
use crate::record::Record;
use crate::replica::{Replica, Turn};
use crate::tally::{Added, Tally};

/// Votes kept per validator, and own digests; the oldest gives way, so that
/// nobody can crowd out another's.
const CHECKPOINTS_PER_VALIDATOR_MAX: usize = 4;

/// Votes above the stable checkpoint.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    stable: Option<CheckpointCertificate>,
    tallies: BTreeMap<Height, Tally<Checkpoint>>,
    /// This node's digests, by height.
    own: BTreeMap<Height, Digest>,
}

impl Checkpoints {
    pub(crate) fn new(stable: Option<CheckpointCertificate>) -> Self {
        Self {
            stable,
            tallies: BTreeMap::new(),
            own: BTreeMap::new(),
        }
    }

    pub(crate) fn stable(&self) -> Option<&CheckpointCertificate> {
        self.stable.as_ref()
    }

    pub(crate) fn stable_height(&self) -> Height {
        self.stable.as_ref().map_or(Height(0), |c| c.height)
    }

    /// This replica's newest vote, while it is above the stable checkpoint.
    pub(crate) fn unstable_vote(&self, me: ReplicaId) -> Option<Checkpoint> {
        self.tallies
            .values()
            .rev()
            .find_map(|tally| tally.vote_of(me))
    }

    /// Where a vote of `voter` at `height` is counted.
    fn tally(&mut self, height: Height, voter: ReplicaId) -> &mut Tally<Checkpoint> {
        let voted = self
            .tallies
            .iter()
            .filter(|(at, tally)| **at != height && tally.has(voter));
        let voted: Vec<Height> = voted.map(|(at, _)| *at).collect();
        if voted.len() >= CHECKPOINTS_PER_VALIDATOR_MAX
            && let Some(tally) = self.tallies.get_mut(&voted[0])
        {
            tally.remove(voter);
        }
        self.tallies.retain(|_, tally| !tally.is_empty());
        self.tallies.entry(height).or_default()
    }

    fn settle(&mut self, certificate: CheckpointCertificate) {
        let height = certificate.height;
        assert!(height > self.stable_height(), "checkpoints rise");
        self.tallies = self.tallies.split_off(&height.next());
        self.own = self.own.split_off(&height.next());
        self.stable = Some(certificate);
    }

    pub(crate) fn invariant_bounded(&self, validators: usize) {
        assert!(self.tallies.len() <= CHECKPOINTS_PER_VALIDATOR_MAX * validators + 1);
        assert!(self.own.len() <= CHECKPOINTS_PER_VALIDATOR_MAX);
    }
}

impl Replica {
    /// The control state moved past delivered blocks.
    pub(crate) fn on_applied(&mut self, blocks: &[(Height, Digest)], turn: &mut Turn<'_>) {
        for (height, control) in blocks {
            self.chain.apply(*height);
            self.checkpoint(*height, *control, turn);
        }
    }

    fn checkpoint(&mut self, height: Height, control: Digest, turn: &mut Turn<'_>) {
        let every = u64::from(self.config.rules.checkpoint_heights);
        let due = height.0 > 0 && height.0.is_multiple_of(every);
        let Some(block) = self.chain.digest_at(height).filter(|_| due) else {
            return;
        };
        if height <= self.checkpoints.stable_height() {
            return;
        }
        if self.checkpoints.own.len() == CHECKPOINTS_PER_VALIDATOR_MAX {
            self.checkpoints.own.pop_first();
        }
        self.checkpoints.own.insert(height, control);
        if self.may_vote() {
            let (subject, me) = ((height, block, control), self.config.me);
            let payload = Checkpoint::payload(&subject);
            let signature = turn.context.sign(Checkpoint::DOMAIN, &payload);
            let tally = self.checkpoints.tally(height, me);
            tally.add_own(me, subject, signature);
            let vote = Checkpoint::cast(&subject, me, signature);
            turn.send(Destination::Validators, Message::Checkpoint(vote));
        }
        self.stabilise(height, turn);
    }

    pub(crate) fn on_checkpoint(&mut self, from: ReplicaId, m: &Checkpoint, turn: &mut Turn<'_>) {
        let every = u64::from(self.config.rules.checkpoint_heights);
        let near = m.height.0 <= self.chain.height().0 + 2 * self.config.window() + every;
        if m.replica != from || self.config.electorate.key(from).is_none() {
            return turn.bad_message(from, "a checkpoint under another's name");
        }
        if !near
            || !m.height.0.is_multiple_of(every)
            || m.height <= self.checkpoints.stable_height()
        {
            return;
        }
        let electorate = &self.config.electorate;
        let tally = self.checkpoints.tally(m.height, from);
        match tally.add(electorate, from, m.subject(), m.signature) {
            Added::Bad => turn.bad_message(from, "the signature of a checkpoint"),
            Added::Conflict(..) => turn.bad_message(from, "two checkpoints for one height"),
            Added::New | Added::Known => self.stabilise(m.height, turn),
        }
    }

    fn stabilise(&mut self, height: Height, turn: &mut Turn<'_>) {
        let electorate = &self.config.electorate;
        let Some(tally) = self.checkpoints.tallies.get_mut(&height) else {
            return;
        };
        let Some(subject) = tally.leading(electorate.quorum()) else {
            return;
        };
        let mut bad = Vec::new();
        let signatures = tally.certificate(electorate, &subject, &mut bad);
        for voter in bad {
            turn.bad_message(voter, "the signature of a checkpoint");
        }
        let (height, block, control) = subject;
        if let Some(signatures) = signatures {
            self.settle_checkpoint(
                CheckpointCertificate {
                    height,
                    block,
                    control,
                    signatures,
                },
                turn,
            );
        }
    }

    fn settle_checkpoint(&mut self, certificate: CheckpointCertificate, turn: &mut Turn<'_>) {
        let height = certificate.height;
        if let Some(own) = self.checkpoints.own.get(&height)
            && *own != certificate.control
        {
            turn.alarm(Alarm::ControlDiverged {
                height,
                own: *own,
                quorum: certificate.control,
            });
        }
        turn.persist(Record::Checkpoint(certificate.clone()));
        self.checkpoints.settle(certificate.clone());
        turn.alarm(Alarm::Stable(certificate));
    }
}
