//! The replica's state and its one entry: take the input, let time pass, then
//! do everything that has become possible, in the order of the protocol.

use std::collections::BTreeMap;
use std::sync::Arc;

use daicho_types::block::CommitCertificate;
use daicho_types::{Digest, Height, Monotonic, ReplicaId, View};

use crate::abstention::Abstention;
use crate::chain::Chain;
use crate::checkpoints::Checkpoints;
use crate::config::Config;
use crate::context::Context;
use crate::departures::Departures;
use crate::interface::{Alarm, Destination, Evidence, Input, Output};
use crate::message::{CheckpointCertificate, Message, NewView, PrepareCertificate, Proposal};
use crate::peers::Peers;
use crate::record::{Record, Recovered};
use crate::slot::Slot;
use crate::timers::Timers;

/// One validator's part in agreement, or an observer's.
#[derive(Debug)]
pub struct Replica {
    pub(crate) config: Config,
    pub(crate) chain: Chain,
    pub(crate) stand: Stand,
    /// Heights above the tip, up to twice the window.
    pub(crate) slots: BTreeMap<Height, Slot>,
    /// The prepare certificate of the highest view, per height above the tip.
    pub(crate) certificates: BTreeMap<Height, PrepareCertificate>,
    pub(crate) departures: Departures,
    pub(crate) peers: Peers,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) timers: Timers,
    pub(crate) abstention: Option<Abstention>,
    /// Height of the newest result certificate this node knows.
    pub(crate) certified: Height,
    /// Own PREPAREs found in the records, until the first step says them again.
    pub(crate) to_revive: BTreeMap<Height, Digest>,
    pub(crate) halted: bool,
}

/// The view and how this replica stands to it.
#[derive(Debug)]
pub(crate) struct Stand {
    /// The view it is in, or wants.
    pub(crate) view: View,
    /// Whether it is in it.
    pub(crate) active: bool,
    /// What opened it; `None` for view 0 and for views not entered.
    pub(crate) new_view: Option<NewView>,
    /// Where it started: nothing at or below is voted on in it.
    pub(crate) base: Height,
    /// Views entered since this process started.
    pub(crate) entered: u64,
}

/// Where a replica stands, for status pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its view, or the one it wants.
    pub view: View,
    /// Whether that view is active.
    pub active: bool,
    /// Leader, in that view, of the height after the tip.
    pub leader: ReplicaId,
    /// Height of the last committed block.
    pub tip: Height,
    /// Its stable checkpoint: the low watermark.
    pub stable: Height,
    /// The last height of the window: the high watermark.
    pub high: Height,
    /// Views entered since this process started.
    pub view_changes: u64,
    /// Whether it abstains after losing its records.
    pub abstaining: bool,
    /// Whether it stopped on a violation of safety.
    pub halted: bool,
}

/// What handlers work with during one step.
pub(crate) struct Turn<'a> {
    pub(crate) now: Monotonic,
    pub(crate) context: &'a mut dyn Context,
    pub(crate) out: Output,
}

impl Turn<'_> {
    pub(crate) fn persist(&mut self, record: Record) {
        self.out.persist.push(record);
    }

    pub(crate) fn send(&mut self, to: Destination, message: Message) {
        self.out.send.push((to, message));
    }

    pub(crate) fn alarm(&mut self, alarm: Alarm) {
        self.out.alarms.push(alarm);
    }

    pub(crate) fn bad_message(&mut self, from: ReplicaId, reason: &'static str) {
        self.alarm(Alarm::BadMessage { from, reason });
    }

    pub(crate) fn evidence(&mut self, evidence: Evidence) {
        self.out.evidence.push(evidence);
    }
}

impl Replica {
    /// A replica that goes on where its records end; the first step says again
    /// what it said before. `boot` is a number that this node has used for no
    /// earlier start: random, or counted durably.
    #[must_use]
    pub fn new(config: Config, recovered: Recovered, boot: u64) -> Self {
        let genesis = (config.chain, config.genesis_time);
        let recent_max = 2 * usize::from(config.rules.window_heights)
            + usize::from(config.rules.checkpoint_heights);
        let chain = Chain::new(genesis, recovered.tip, recovered.blocks, recent_max);
        let abstention = recovered.wiped.then(|| Abstention::new(boot));
        let mut replica = Self {
            stand: Stand {
                view: recovered.view,
                active: recovered.active,
                new_view: recovered.new_view,
                base: Height(0),
                entered: 0,
            },
            slots: BTreeMap::new(),
            certificates: recovered.certificates,
            departures: Departures::new(recovered.view_change),
            peers: Peers::default(),
            checkpoints: Checkpoints::new(recovered.stable),
            timers: Timers::new(),
            abstention,
            certified: Height(0),
            to_revive: recovered.prepares,
            halted: false,
            chain,
            config,
        };
        replica.restore_slots();
        replica.assert_invariants();
        replica
    }

    /// Takes in `input` at `now`, which never falls from call to call.
    ///
    /// # Panics
    /// When `now` falls, or when an invariant is broken: a defect here.
    pub fn step(&mut self, now: Monotonic, input: Input, context: &mut dyn Context) -> Output {
        self.timers.advance(now);
        let mut turn = Turn {
            now,
            context,
            out: Output::default(),
        };
        if !self.halted {
            self.wake(&mut turn);
            self.take(input, &mut turn);
            self.let_time_pass(&mut turn);
            self.make_progress(&mut turn);
            turn.out.next_timer = self.next_timer(&mut turn);
        }
        self.assert_invariants();
        turn.out
    }

    /// Where it stands.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let tip = self.chain.height();
        Summary {
            view: self.stand.view,
            active: self.stand.active,
            leader: self.config.leader(tip.next(), self.stand.view),
            tip,
            stable: self.checkpoints.stable_height(),
            high: self.window_end(),
            view_changes: self.stand.entered,
            abstaining: self.abstention.is_some(),
            halted: self.halted,
        }
    }

    /// The rules it follows.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The last committed block and its certificate; `None` at genesis.
    #[must_use]
    pub fn tip(&self) -> Option<(&Arc<Proposal>, &CommitCertificate)> {
        self.chain.tip()
    }

    /// A block above the tip that this replica holds, to answer a peer's
    /// [`crate::Fetch::Block`].
    #[must_use]
    pub fn block(&self, digest: &Digest) -> Option<&Arc<Proposal>> {
        self.chain.held(digest)
    }

    /// The newest stable checkpoint.
    #[must_use]
    pub fn stable(&self) -> Option<&CheckpointCertificate> {
        self.checkpoints.stable()
    }

    /// Whether this replica signs anything.
    pub(crate) fn may_vote(&self) -> bool {
        self.config.is_validator() && self.abstention.is_none() && !self.halted
    }

    /// The last height that is voted on.
    pub(crate) fn window_end(&self) -> Height {
        Height(self.chain.height().0 + self.config.window())
    }

    /// Whether messages about `height` are kept.
    pub(crate) fn is_near(&self, height: Height) -> bool {
        let near = |from: Height| height > from && height.0 <= from.0 + 2 * self.config.window();
        let tip = self.chain.height();
        // Whoever still catches up to the start of its view keeps what comes
        // after it as well.
        near(tip) || (self.stand.base > tip && near(self.stand.base))
    }

    /// Consecutive views that ended without a commit, up to the current one.
    pub(crate) fn barren_views(&self) -> u64 {
        let fruitful = self.chain.tip_certificate().map(|c| c.view.0);
        let first = fruitful.map_or(0, |view| view.saturating_add(1));
        self.stand.view.0.saturating_sub(first)
    }

    /// Height of the newest result certificate known.
    pub(crate) fn certified(&self) -> Height {
        self.certified.max(self.chain.result_height())
    }

    fn wake(&mut self, turn: &mut Turn<'_>) {
        if self.timers.take_first() {
            if let Some(abstention) = &self.abstention {
                abstention.begin(turn);
            }
            self.revive_votes(turn);
            if !self.stand.active {
                self.say_all_again(turn);
            }
        }
    }

    fn take(&mut self, input: Input, turn: &mut Turn<'_>) {
        match input {
            Input::Tick => {}
            Input::BodiesHeld { block } => self.on_bodies(block),
            Input::Message { from, message } => self.on_message(from, message, turn),
            Input::Block(proposal) => self.on_block(proposal),
            Input::Committed(committed) => self.on_fetched(committed, turn),
            Input::Applied(blocks) => self.on_applied(&blocks, turn),
            Input::Certified { height } => self.certified = self.certified.max(height),
        }
    }

    pub(crate) fn on_message(&mut self, from: ReplicaId, message: Message, turn: &mut Turn<'_>) {
        if from == self.config.me || !self.config.node_keys.contains_key(&from) {
            return turn.bad_message(from, "no peer of this node");
        }
        match message {
            Message::PrePrepare(m) => self.on_pre_prepare(from, m, turn),
            Message::Prepare(m) => self.on_prepare(from, m, turn),
            Message::Commit(m) => self.on_commit(from, m, turn),
            Message::Checkpoint(m) => self.on_checkpoint(from, &m, turn),
            Message::ViewChange(m) => self.on_view_change(from, m, turn),
            Message::NewView(m) => self.on_new_view(from, m, turn),
            Message::Status(m) => self.on_status(from, &m, turn),
            Message::StatusRequest(m) => self.on_status_request(from, m.nonce, turn),
        }
    }

    /// Everything that may have become possible. Each part is a scan of the
    /// window; deciding a height can open the next, so it repeats while the
    /// tip moves, and the tip moves at most to the window's end.
    fn make_progress(&mut self, turn: &mut Turn<'_>) {
        self.join_departures(turn);
        self.open_view(turn);
        loop {
            let tip = self.chain.height();
            self.accept_blocks(turn);
            self.propose_blocks(turn);
            self.prepare_blocks(turn);
            self.say_commits(turn);
            self.decide_block(turn);
            if self.halted || self.chain.height() == tip {
                break;
            }
        }
        self.rejoin(turn);
        turn.out.fetch.extend(self.peers.take_wants());
    }
}
