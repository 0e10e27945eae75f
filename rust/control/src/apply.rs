//! From the state after the parent to the state after the block.

use daicho_crypto::block_digest;
use daicho_types::block::BlockHeader;
use daicho_types::envelope::Item;
use daicho_types::{Code, Digest};

use crate::buckets::LaneKey;
use crate::entry::Entry;
use crate::state::{ControlState, Moment, digest_contracts};

/// What became of a control transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlOutcome {
    /// Its place in the block.
    pub index: u32,
    /// The transaction.
    pub tx_id: Digest,
    /// `OK`, or why it changed nothing: an earlier one in the same block was
    /// in its way. Public.
    pub code: Code,
}

impl ControlState {
    /// The state after a valid block, and the outcomes of its control
    /// transactions in block order. Deterministic; what the commands change is
    /// seen by the next block, not by this one.
    ///
    /// # Panics
    /// When the block is not the next one or its sequences are not free: the
    /// caller has [`ControlState::valid_block`] or a commit certificate.
    #[must_use]
    pub fn apply_block(
        &self,
        header: &BlockHeader,
        entries: &[Entry<'_>],
    ) -> (Self, Vec<ControlOutcome>) {
        assert_eq!(header.height, self.moment.height.next(), "the next height");
        assert_eq!(header.parent, self.moment.block, "on its parent");
        assert_eq!(header.items as usize, entries.len(), "all of its items");
        let mut next = self.clone();
        next.moment = self.moment_after(header);
        next.mark_used(entries);
        let outcomes = next.run_commands(header, entries);
        next.seal();
        (next, outcomes)
    }

    fn moment_after(&self, header: &BlockHeader) -> Moment {
        assert!(header.time > self.moment.time, "time rises");
        let named = header.result.as_ref().map(|c| c.statement.height);
        Moment {
            height: header.height,
            block: block_digest(header),
            time: header.time,
            certified: named
                .max(Some(self.moment.certified))
                .expect("one is there"),
            steered: self.moment.steered,
        }
    }

    fn mark_used(&mut self, entries: &[Entry<'_>]) {
        for entry in entries {
            let (sender, lane, sequence) = entry.item.origin();
            let mut window = self.window(sender, lane);
            window.mark(sequence);
            self.windows.insert(LaneKey((sender, lane)), window);
        }
    }

    fn run_commands(&mut self, header: &BlockHeader, entries: &[Entry<'_>]) -> Vec<ControlOutcome> {
        let mut outcomes = Vec::new();
        for (index, entry) in (0u32..).zip(entries) {
            if let Item::Control(tx) = entry.item {
                let done = self.execute(&tx.command, header.height);
                outcomes.push(ControlOutcome {
                    index,
                    tx_id: entry.tx_id,
                    code: done.err().unwrap_or(Code::Ok),
                });
            }
        }
        outcomes
    }

    fn seal(&mut self) {
        self.parties.seal();
        self.windows.seal();
        self.contracts_digest = digest_contracts(&self.contracts);
    }
}
