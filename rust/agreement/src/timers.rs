//! When a view has taken too long, and when to speak up again.

use daicho_types::{Height, Monotonic, View};

use crate::replica::{Replica, Turn};

/// Moments of this process's monotonic clock.
#[derive(Debug)]
pub(crate) struct Timers {
    now: Monotonic,
    first: bool,
    /// When the view was entered or left for, or ended a barren streak.
    pub(crate) view_since: Monotonic,
    /// When the last block was decided.
    pub(crate) commit_at: Monotonic,
    /// When the result window was last seen full, or this replica behind.
    pub(crate) blocked_at: Monotonic,
    /// When this replica last proposed.
    pub(crate) proposed_at: Option<Monotonic>,
    /// When its clock will be past the parent's time.
    pub(crate) clock_due: Option<Monotonic>,
    /// Next repetition.
    pub(crate) resend_at: Monotonic,
    /// What was so at the last repetition.
    pub(crate) last_seen: Option<(View, bool, Height)>,
}

impl Timers {
    pub(crate) fn new() -> Self {
        let zero = Monotonic(0);
        Self {
            now: zero,
            first: true,
            view_since: zero,
            commit_at: zero,
            blocked_at: zero,
            proposed_at: None,
            clock_due: None,
            resend_at: zero,
            last_seen: None,
        }
    }

    /// Moves the clock. On the first step every timer starts anew: time-outs
    /// do not run while a process is down.
    pub(crate) fn advance(&mut self, now: Monotonic) {
        assert!(now >= self.now, "the monotonic clock does not fall");
        self.now = now;
        if self.first {
            self.view_since = now;
            self.commit_at = now;
            self.blocked_at = now;
            self.resend_at = now;
        }
    }

    /// True once.
    pub(crate) fn take_first(&mut self) -> bool {
        core::mem::take(&mut self.first)
    }
}

/// `at` and `us` microseconds.
pub(crate) fn after(at: Monotonic, us: u64) -> Monotonic {
    Monotonic(at.0.saturating_add(us))
}

impl Replica {
    /// What only time brings about.
    pub(crate) fn let_time_pass(&mut self, turn: &mut Turn<'_>) {
        if self.is_blocked() {
            self.timers.blocked_at = turn.now;
        }
        if self.view_deadline(turn).is_some_and(|at| at <= turn.now) {
            self.leave_for(self.stand.view.next(), "the view timer ran out", turn);
        }
        if self.timers.resend_at <= turn.now {
            self.timers.resend_at = after(turn.now, self.config.resend_us);
            self.repeat(turn);
        }
    }

    /// When to step again at the latest.
    pub(crate) fn next_timer(&mut self, turn: &mut Turn<'_>) -> Option<Monotonic> {
        let interval = self
            .timers
            .proposed_at
            .map(|at| after(at, self.config.rules.block_interval_us))
            .filter(|at| *at > turn.now);
        [
            Some(self.timers.resend_at),
            self.view_deadline(turn),
            self.timers.clock_due.filter(|at| *at > turn.now),
            interval,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// When this replica gives up its view.
    fn view_deadline(&self, turn: &Turn<'_>) -> Option<Monotonic> {
        if !self.may_vote() {
            return None;
        }
        let timeout = self.config.view_timeout_us(self.barren_views());
        let since = if self.stand.active {
            self.owed_since(turn)
        } else {
            self.departures.quorum_at
        };
        since.map(|at| after(at, timeout))
    }

    /// Since when this view owes something.
    fn owed_since(&self, turn: &Turn<'_>) -> Option<Monotonic> {
        if self.is_behind() {
            return None;
        }
        let timers = &self.timers;
        let in_flight = self
            .slots
            .range(..=self.window_end())
            .find_map(|(_, slot)| slot.since)
            .map(|since| since.max(timers.commit_at));
        let owed = turn
            .context
            .owed_since()
            .filter(|_| !self.is_blocked())
            .map(|since| since.max(timers.blocked_at));
        let since = in_flight.into_iter().chain(owed).min()?;
        Some(since.max(timers.view_since))
    }

    /// Whether nobody may propose the next height, or this replica cannot
    /// know: it is no leader's fault.
    fn is_blocked(&self) -> bool {
        let next = self.slots.values().filter(|slot| slot.since.is_some());
        let proposed = self.chain.height().0 + next.count() as u64;
        proposed >= self.certified().0 + u64::from(self.config.rules.result_window_heights)
            || self.is_behind()
    }

    /// Whether an honest replica is known to have decided more.
    pub(crate) fn is_behind(&self) -> bool {
        self.peers.honest_tip(self.config.faults()) > self.chain.height()
    }
}
