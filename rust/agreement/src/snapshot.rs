//! The records that alone bring back a replica, for a log that drops its past.

use crate::message::Proposal;
use crate::record::{Prepared, Record, Wiped};
use crate::replica::Replica;

impl Replica {
    /// What a new log starts with instead of every record so far.
    /// `Recovered::from_records` makes the same replica of it.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Record> {
        let block = |block: &std::sync::Arc<Proposal>| Record::Block((**block).clone());
        let mut records = Vec::new();
        if self.abstention.is_some() {
            records.push(Record::Wiped(Wiped { rule: 1 }));
        }
        if let Some((tip, certificate)) = self.chain.tip() {
            records.push(block(tip));
            records.push(Record::Committed(certificate.clone()));
        }
        records.extend(self.chain.all_held().map(block));
        let certificates = self.certificates.values().cloned();
        records.extend(certificates.map(Record::Certificate));
        let stable = self.checkpoints.stable().cloned();
        records.extend(stable.map(Record::Checkpoint));
        records.extend(self.stand.new_view.clone().map(Record::NewView));
        let left = self.departures.of(self.config.me).cloned();
        records.extend(left.map(Record::ViewChange));
        records.extend(self.own_prepares());
        records
    }

    fn own_prepares(&self) -> impl Iterator<Item = Record> {
        let view = self.stand.view;
        let voted = self.slots.iter();
        let voted = voted.filter_map(|(height, slot)| Some((*height, slot.voted?.0)));
        // Before the first step they are still as the records had them.
        let waiting = self
            .to_revive
            .iter()
            .map(|(height, block)| (*height, *block));
        voted.chain(waiting).map(move |(height, block)| {
            Record::Prepare(Prepared {
                view,
                height,
                block,
            })
        })
    }
}
