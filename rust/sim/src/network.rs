//! Links between machines: they lose, delay, repeat and reorder, and a machine
//! can be cut off in either direction.

use std::collections::BTreeSet;

use crate::dice::Dice;
use crate::setup::Plan;

/// One frame in this many takes up to ten times as long.
const SLOW_PER_MILLE: u64 = 20;

/// The state of every link.
#[derive(Debug)]
pub struct Network {
    loss_per_mille: u64,
    repeat_per_mille: u64,
    delay_us_max: u64,
    /// Links on which nothing arrives.
    cut: BTreeSet<(usize, usize)>,
    dice: Dice,
}

impl Network {
    pub fn new(plan: &Plan, dice: Dice) -> Self {
        Self {
            loss_per_mille: plan.loss_per_mille,
            repeat_per_mille: plan.repeat_per_mille,
            delay_us_max: plan.delay_us_max,
            cut: BTreeSet::new(),
            dice,
        }
    }

    /// After how long a frame arrives: never, once, or twice.
    pub fn route(&mut self, from: usize, to: usize) -> Vec<u64> {
        if self.cut.contains(&(from, to)) || self.dice.per_mille(self.loss_per_mille) {
            return Vec::new();
        }
        let copies = 1 + usize::from(self.dice.per_mille(self.repeat_per_mille));
        (0..copies).map(|_| self.delay()).collect()
    }

    fn delay(&mut self) -> u64 {
        let slow = self.dice.per_mille(SLOW_PER_MILLE);
        let most = self.delay_us_max * if slow { 10 } else { 1 };
        self.dice.between(50, most.max(51))
    }

    /// Cuts the links of `inside` with everyone else.
    pub fn partition(&mut self, inside: &[usize], nodes: usize) {
        for one in inside {
            for other in (0..nodes).filter(|other| !inside.contains(other)) {
                self.cut.insert((*one, other));
                self.cut.insert((other, *one));
            }
        }
    }

    /// Cuts one direction of one link.
    pub fn cut_one_way(&mut self, from: usize, to: usize) {
        self.cut.insert((from, to));
    }

    /// Every link is whole again.
    pub fn heal(&mut self) {
        self.cut.clear();
    }

    /// And nothing is lost any more.
    pub fn calm(&mut self) {
        self.heal();
        self.loss_per_mille = 0;
        self.repeat_per_mille = 0;
    }
}
