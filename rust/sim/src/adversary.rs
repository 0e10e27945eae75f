//! What fails, and when.

use crate::dice::Dice;
use crate::setup::Plan;

/// Between two deeds, in microseconds.
const PAUSE_US: (u64, u64) = (150_000, 1_500_000);
/// How long a machine stays down.
const DOWN_US: (u64, u64) = (50_000, 2_500_000);
/// How long links stay cut.
const CUT_US: (u64, u64) = (50_000, 2_000_000);

/// Something that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A machine goes down: its process only, or its power.
    Crash {
        node: usize,
        power: bool,
        wipe: bool,
    },
    /// A machine comes back.
    Restart { node: usize },
    /// An executor dies; the node starts another.
    KillExecutor { node: usize },
    /// Some machines are cut off together.
    Partition { inside: Vec<usize> },
    /// One direction of one link is cut.
    CutOneWay { from: usize, to: usize },
    /// All links are whole.
    Heal,
}

/// Decides what fails.
#[derive(Debug)]
pub struct Adversary {
    dice: Dice,
    nodes: usize,
    validators: usize,
    executors: usize,
    wipes: bool,
    deeds: u64,
}

impl Adversary {
    pub fn new(plan: &Plan, dice: Dice) -> Self {
        Self {
            dice,
            nodes: plan.nodes(),
            validators: plan.validators,
            executors: plan.executors,
            wipes: plan.wipes,
            deeds: 0,
        }
    }

    /// When to look again.
    pub fn pause_us(&mut self) -> u64 {
        self.dice.between(PAUSE_US.0, PAUSE_US.1)
    }

    /// What fails now, each with the time after which. `leader` proposed
    /// last; `down` machines are down already.
    pub fn next(&mut self, leader: usize, down: usize) -> Vec<(u64, Deed)> {
        self.deeds += 1;
        // The first deed takes the leader for longer than any time-out, so
        // that every run changes its view.
        if self.deeds == 1 {
            return self.crash(leader, 2_500_000, false);
        }
        match self.dice.between(0, 100) {
            0..35 => self.crash_someone(leader, down),
            35..50 => {
                let node = self.dice.index(self.executors);
                vec![(0, Deed::KillExecutor { node })]
            }
            50..75 => self.partition(),
            75..90 => {
                let (from, to) = (self.dice.index(self.nodes), self.dice.index(self.nodes));
                self.cut(Deed::CutOneWay { from, to })
            }
            _ => Vec::new(),
        }
    }

    fn crash_someone(&mut self, leader: usize, down: usize) -> Vec<(u64, Deed)> {
        // Mostly as many as are borne; now and then one more, which halts the
        // chain until somebody is back.
        let borne = (self.validators - 1) / 3;
        if down > borne || (down == borne && !self.dice.per_mille(150)) {
            return Vec::new();
        }
        let node = if self.dice.per_mille(400) {
            leader
        } else {
            self.dice.index(self.nodes)
        };
        let wipe = down == 0 && self.wipes && self.dice.per_mille(300);
        self.wipes &= !wipe;
        let for_us = self.dice.between(DOWN_US.0, DOWN_US.1);
        self.crash(node, for_us, wipe)
    }

    fn crash(&mut self, node: usize, for_us: u64, wipe: bool) -> Vec<(u64, Deed)> {
        let power = self.dice.per_mille(700);
        let crash = Deed::Crash { node, power, wipe };
        vec![(0, crash), (for_us, Deed::Restart { node })]
    }

    fn partition(&mut self) -> Vec<(u64, Deed)> {
        let most = if self.dice.per_mille(700) {
            1
        } else {
            self.nodes / 2
        };
        let inside: Vec<usize> = (0..most).map(|_| self.dice.index(self.nodes)).collect();
        self.cut(Deed::Partition { inside })
    }

    fn cut(&mut self, deed: Deed) -> Vec<(u64, Deed)> {
        let for_us = self.dice.between(CUT_US.0, CUT_US.1);
        vec![(0, deed), (for_us, Deed::Heal)]
    }
}
