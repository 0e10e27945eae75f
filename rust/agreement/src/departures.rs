//! Who has left for which view: one VIEW-CHANGE per replica, the newest.

use std::collections::BTreeMap;

use daicho_types::{Monotonic, ReplicaId, View};

use crate::message::ViewChange;

/// Checked VIEW-CHANGEs, own ones with them.
#[derive(Debug)]
pub(crate) struct Departures {
    messages: BTreeMap<ReplicaId, ViewChange>,
    /// Since when a quorum has left for the wanted view or beyond.
    pub(crate) quorum_at: Option<Monotonic>,
}

impl Departures {
    pub(crate) fn new(own: Option<ViewChange>) -> Self {
        Self {
            messages: own.into_iter().map(|m| (m.replica, m)).collect(),
            quorum_at: None,
        }
    }

    pub(crate) fn of(&self, replica: ReplicaId) -> Option<&ViewChange> {
        self.messages.get(&replica)
    }

    pub(crate) fn add(&mut self, message: ViewChange) {
        let old = self.messages.get(&message.replica);
        assert!(old.is_none_or(|old| old.view < message.view), "views rise");
        self.messages.insert(message.replica, message);
    }

    /// How many left for `view` or beyond.
    pub(crate) fn count_from(&self, view: View) -> usize {
        self.messages.values().filter(|m| m.view >= view).count()
    }

    /// The highest view that `count` replicas left for or beyond.
    pub(crate) fn supported(&self, count: usize) -> Option<View> {
        let mut views: Vec<View> = self.messages.values().map(|m| m.view).collect();
        views.sort_unstable();
        views.iter().rev().nth(count - 1).copied()
    }

    /// `count` messages for exactly `view`, in order of replica.
    pub(crate) fn for_view(&self, view: View, count: usize) -> Option<Vec<ViewChange>> {
        let messages = self.messages.values().filter(|m| m.view == view);
        let messages: Vec<ViewChange> = messages.take(count).cloned().collect();
        (messages.len() == count).then_some(messages)
    }

    /// Forgets those that a view already entered has answered.
    pub(crate) fn forget_up_to(&mut self, view: View) {
        self.messages.retain(|_, m| m.view > view);
        self.quorum_at = None;
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }
}
