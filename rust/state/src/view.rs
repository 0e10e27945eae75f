//! The state as contract execution reads it: after the last block, or as it
//! stood after an earlier one.

use daicho_types::ledger::{Compartment, Row, StateView};
use daicho_types::{ConsensusTime, Height};

use crate::State;

impl StateView for State {
    fn get(&self, compartment: Compartment, key: &[u8]) -> Option<Vec<u8>> {
        let row = self.books.get(&compartment)?.get(key)?;
        Some(row.to_vec())
    }

    fn scan(&self, compartment: Compartment, lo: &[u8], hi: &[u8], limit: usize) -> Vec<Row> {
        let book = self.books.get(&compartment);
        book.map_or_else(Vec::new, |book| book.scan(lo, hi, limit))
    }

    fn get_at(&self, at: Height, compartment: Compartment, key: &[u8]) -> Option<Vec<u8>> {
        let row = self.books.get(&compartment)?.get_at(at, key)?;
        Some(row.to_vec())
    }

    fn scan_at(
        &self,
        at: Height,
        compartment: Compartment,
        lo: &[u8],
        hi: &[u8],
        limit: usize,
    ) -> Vec<Row> {
        let book = self.books.get(&compartment);
        book.map_or_else(Vec::new, |book| book.scan_at(at, lo, hi, limit))
    }

    fn height_at(&self, time: ConsensusTime) -> Option<Height> {
        let after = self.blocks.partition_point(|(block, _)| block.time <= time);
        let last = after.checked_sub(1)?;
        Some(self.blocks[last].0.height)
    }
}

/// The state as it stood after one block: what a query at a certified height,
/// or `as_of` a time, reads. Blocks after it do not exist here.
#[derive(Clone, Copy, Debug)]
pub struct ViewAt<'a> {
    state: &'a State,
    at: Height,
}

impl State {
    /// The state after block `at`; `None` above the last block.
    #[must_use]
    pub fn view_at(&self, at: Height) -> Option<ViewAt<'_>> {
        (at <= self.height()).then_some(ViewAt { state: self, at })
    }
}

impl ViewAt<'_> {
    /// The height it stands at.
    #[must_use]
    pub fn height(&self) -> Height {
        self.at
    }
}

impl StateView for ViewAt<'_> {
    fn get(&self, compartment: Compartment, key: &[u8]) -> Option<Vec<u8>> {
        self.state.get_at(self.at, compartment, key)
    }

    fn scan(&self, compartment: Compartment, lo: &[u8], hi: &[u8], limit: usize) -> Vec<Row> {
        self.state.scan_at(self.at, compartment, lo, hi, limit)
    }

    fn get_at(&self, at: Height, compartment: Compartment, key: &[u8]) -> Option<Vec<u8>> {
        self.state.get_at(at.min(self.at), compartment, key)
    }

    fn scan_at(
        &self,
        at: Height,
        compartment: Compartment,
        lo: &[u8],
        hi: &[u8],
        limit: usize,
    ) -> Vec<Row> {
        self.state
            .scan_at(at.min(self.at), compartment, lo, hi, limit)
    }

    fn height_at(&self, time: ConsensusTime) -> Option<Height> {
        let height = self.state.height_at(time)?;
        Some(height.min(self.at))
    }
}
