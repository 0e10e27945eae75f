//! The state as contract execution reads it.

use daicho_types::ledger::{Compartment, Row, StateView};
use daicho_types::{ConsensusTime, Height, RowBytes, RowKey};

use crate::State;

impl StateView for State {
    fn get(&self, compartment: Compartment, key: &RowKey) -> Option<RowBytes> {
        self.books.get(&compartment)?.get(key).cloned()
    }

    fn scan(&self, compartment: Compartment, lo: &[u8], hi: &[u8], limit: usize) -> Vec<Row> {
        let book = self.books.get(&compartment);
        book.map_or_else(Vec::new, |book| book.scan(lo, hi, limit))
    }

    fn get_at(&self, at: Height, compartment: Compartment, key: &RowKey) -> Option<RowBytes> {
        self.books.get(&compartment)?.get_at(at, key).cloned()
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

    fn time_at(&self, height: Height) -> Option<ConsensusTime> {
        self.block_at(height).map(|(block, _)| block.time)
    }
}
