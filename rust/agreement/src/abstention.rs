//! A wiped validator follows without voting until it cannot contradict a vote
//! that it forgot (see the specification).

use std::collections::BTreeMap;

use daicho_types::{Height, ReplicaId, View};

use crate::config::Config;
use crate::interface::{Alarm, Destination};
use crate::message::{Message, Status, StatusRequest};
use crate::record::{Record, Rejoined, Wiped};
use crate::replica::{Replica, Turn};

/// Waiting to vote again.
#[derive(Debug)]
pub(crate) struct Abstention {
    nonce: u64,
    answers: BTreeMap<ReplicaId, (Height, View)>,
    /// The tip to reach and the view to be in, once a quorum answered.
    horizon: Option<(Height, View)>,
}

impl Abstention {
    /// `boot` was never used by an earlier start of this node.
    pub(crate) fn new(boot: u64) -> Self {
        Self {
            nonce: boot.max(1),
            answers: BTreeMap::new(),
            horizon: None,
        }
    }

    pub(crate) fn begin(&self, turn: &mut Turn<'_>) {
        turn.persist(Record::Wiped(Wiped { rule: 1 }));
        turn.alarm(Alarm::Abstaining { until: None });
    }

    pub(crate) fn ask(&self, turn: &mut Turn<'_>) {
        if self.horizon.is_none() {
            let request = StatusRequest { nonce: self.nonce };
            turn.send(Destination::Validators, Message::StatusRequest(request));
        }
    }

    pub(crate) fn hear(
        &mut self,
        from: ReplicaId,
        m: &Status,
        config: &Config,
        turn: &mut Turn<'_>,
    ) {
        if m.nonce != self.nonce || self.horizon.is_some() {
            return;
        }
        self.answers.entry(from).or_insert((m.tip, m.view));
        if self.answers.len() < config.quorum() {
            return;
        }
        let mut tips: Vec<u64> = self.answers.values().map(|(tip, _)| tip.0).collect();
        let mut views: Vec<u64> = self.answers.values().map(|(_, view)| view.0).collect();
        let until = nth_highest(&mut tips, config).saturating_add(2 * config.window());
        let until = Height(until);
        let view = View(nth_highest(&mut views, config).saturating_add(1));
        self.horizon = Some((until, view));
        turn.alarm(Alarm::Abstaining { until: Some(until) });
    }
}

/// The `k`-th highest of a quorum's answers, where `k` of them are honest and
/// high enough (see the specification), and fewer than `k` lie if it can be.
fn nth_highest(answers: &mut [u64], config: &Config) -> u64 {
    let (n, q, f) = (config.electorate.size(), config.quorum(), config.faults());
    assert!(2 * q > n + f, "two quorums share an honest validator");
    let place = f.min(2 * q - n - f + 1);
    answers.sort_unstable_by(|a, b| b.cmp(a));
    answers[place - 1]
}

impl Replica {
    /// Ends the abstention when the rule allows.
    pub(crate) fn rejoin(&mut self, turn: &mut Turn<'_>) {
        let horizon = self.abstention.as_ref().and_then(|a| a.horizon);
        let Some((_, view)) = horizon.filter(|(until, _)| self.chain.height() >= *until) else {
            return;
        };
        self.abstention = None;
        let view = view.max(self.stand.view);
        turn.persist(Record::Rejoined(Rejoined { view }));
        turn.alarm(Alarm::Rejoined { view });
        if view > self.stand.view {
            return self.leave_for(view, "it votes again from here", turn);
        }
        // Accepted without a vote so far: judged again, this time with one.
        for slot in self.slots.values_mut() {
            assert!(slot.voted.is_none(), "whoever abstains has no votes");
            slot.accepted = None;
        }
    }
}
