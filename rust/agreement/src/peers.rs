//! What this replica knows of each peer, and what it wants from them. All of
//! it may be forgotten.

use std::collections::{BTreeMap, VecDeque};

use daicho_types::{Height, Monotonic, ReplicaId, View};

use crate::interface::Fetch;
use crate::message::Message;

/// Votes of views to come, per peer.
pub(crate) const FUTURE_VOTES_PER_PEER_MAX: usize = 512;
/// Proposals of views to come, per peer.
pub(crate) const FUTURE_PROPOSALS_PER_PEER_MAX: usize = 16;
/// Pieces of evidence reported against one peer by one process.
const EVIDENCE_PER_PEER_MAX: u32 = 16;
/// Fetches wanted at once.
pub(crate) const WANTS_MAX: usize = 1_024;

/// Kind of the one want for decided blocks.
const SYNC: u8 = 2;

/// Every peer.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    peers: BTreeMap<ReplicaId, Peer>,
    /// By height and kind; asked for when new and at every repetition.
    wants: BTreeMap<(Height, u8), Want>,
    /// Turns to ask, so that no one peer can withhold for ever.
    rotation: usize,
}

#[derive(Debug, Default)]
struct Peer {
    /// The highest tip it claimed.
    tip: Height,
    votes: VecDeque<(View, Message)>,
    proposals: VecDeque<(View, Message)>,
    helped_at: Option<Monotonic>,
    reports: u32,
}

#[derive(Debug)]
struct Want {
    fetch: Fetch,
    asked: bool,
}

impl Peers {
    fn peer(&mut self, id: ReplicaId) -> &mut Peer {
        self.peers.entry(id).or_default()
    }

    /// `id` says it has decided up to `tip`.
    pub(crate) fn claim_tip(&mut self, id: ReplicaId, tip: Height) {
        let peer = self.peer(id);
        peer.tip = peer.tip.max(tip);
    }

    /// The highest tip that `faults + 1` peers claim.
    pub(crate) fn honest_tip(&self, faults: usize) -> Height {
        let mut tips: Vec<Height> = self.peers.values().map(|peer| peer.tip).collect();
        tips.sort_unstable();
        tips.iter().rev().nth(faults).copied().unwrap_or_default()
    }

    /// Peers that claim more than `tip`.
    pub(crate) fn ahead_of(&self, tip: Height) -> Vec<(ReplicaId, Height)> {
        let ahead = self.peers.iter().filter(|(_, peer)| peer.tip > tip);
        ahead.map(|(id, peer)| (*id, peer.tip)).collect()
    }

    /// Wants the decided blocks from `from` to `most` of one of `holders`, each
    /// with the height it has, unless some are wanted already. Every time it
    /// is another one's turn: the turn moves only when somebody is asked, or a
    /// steady rhythm of calls could land on the same silent peer for ever.
    pub(crate) fn want_decided(
        &mut self,
        from: Height,
        most: Height,
        holders: &[(ReplicaId, Height)],
    ) {
        let wanted = self.wants.keys().any(|(_, kind)| *kind == SYNC);
        let turn = self.rotation.checked_rem(holders.len());
        if let Some(turn) = turn.filter(|_| !wanted) {
            self.rotation = self.rotation.wrapping_add(1);
            let (holder, has) = holders[turn];
            let to = has.min(most);
            self.want(Fetch::Committed { from, to, holder });
        }
    }

    /// Puts a message of a view to come aside; the oldest gives way.
    pub(crate) fn defer(&mut self, from: ReplicaId, view: View, message: Message) {
        let peer = self.peer(from);
        let (queue, max) = match message {
            Message::PrePrepare(_) => (&mut peer.proposals, FUTURE_PROPOSALS_PER_PEER_MAX),
            _ => (&mut peer.votes, FUTURE_VOTES_PER_PEER_MAX),
        };
        if queue.len() == max {
            queue.pop_front();
        }
        queue.push_back((view, message));
    }

    /// Takes what was put aside for `view`; drops what was for views below.
    pub(crate) fn deferred(&mut self, view: View) -> Vec<(ReplicaId, Message)> {
        let mut out = Vec::new();
        for (id, peer) in &mut self.peers {
            for queue in [&mut peer.proposals, &mut peer.votes] {
                for (of, message) in core::mem::take(queue) {
                    match of.cmp(&view) {
                        core::cmp::Ordering::Less => {}
                        core::cmp::Ordering::Equal => out.push((*id, message)),
                        core::cmp::Ordering::Greater => queue.push_back((of, message)),
                    }
                }
            }
        }
        out
    }

    /// Whether `id` may be helped now: at most once in `pause_us`.
    pub(crate) fn may_help(&mut self, id: ReplicaId, now: Monotonic, pause_us: u64) -> bool {
        let peer = self.peer(id);
        let rested = peer
            .helped_at
            .is_none_or(|at| now.0.saturating_sub(at.0) >= pause_us);
        if rested {
            peer.helped_at = Some(now);
        }
        rested
    }

    /// Whether more evidence against `id` is to be reported.
    pub(crate) fn may_report(&mut self, id: ReplicaId) -> bool {
        let peer = self.peer(id);
        peer.reports = peer.reports.saturating_add(1);
        peer.reports <= EVIDENCE_PER_PEER_MAX
    }

    /// Asks for something that is missing, unless it was asked for.
    pub(crate) fn want(&mut self, fetch: Fetch) {
        let key = match &fetch {
            Fetch::Bodies { height, .. } => (*height, 0),
            Fetch::Block { height, .. } => (*height, 1),
            Fetch::Committed { to, .. } => (*to, SYNC),
        };
        let same = |old: &Want| target(&old.fetch) == target(&fetch);
        let known = self.wants.get(&key).is_some_and(same);
        if self.wants.len() < WANTS_MAX && !known {
            let asked = false;
            self.wants.insert(key, Want { fetch, asked });
        }
    }

    /// What is to be asked for and has not been.
    pub(crate) fn take_wants(&mut self) -> Vec<Fetch> {
        let new = self.wants.values_mut().filter(|want| !want.asked);
        new.map(|want| {
            want.asked = true;
            want.fetch.clone()
        })
        .collect()
    }

    /// What is still missing is wanted anew by whoever misses it.
    pub(crate) fn forget_wants(&mut self) {
        self.wants.clear();
    }

    /// Heights decided want nothing.
    pub(crate) fn forget_wants_below(&mut self, height: Height) {
        self.wants = self.wants.split_off(&(height, 0));
    }

    pub(crate) fn invariant_bounded(&self) {
        assert!(self.wants.len() <= WANTS_MAX, "wants are bounded");
        for peer in self.peers.values() {
            assert!(peer.votes.len() <= FUTURE_VOTES_PER_PEER_MAX);
            assert!(peer.proposals.len() <= FUTURE_PROPOSALS_PER_PEER_MAX);
        }
    }
}

/// What a fetch is after, whoever is asked for it.
fn target(fetch: &Fetch) -> (u8, Height, Option<daicho_types::Digest>) {
    match fetch {
        Fetch::Bodies { height, block, .. } => (0, *height, Some(*block)),
        Fetch::Block { height, block, .. } => (1, *height, Some(*block)),
        Fetch::Committed { to, .. } => (2, *to, None),
    }
}
