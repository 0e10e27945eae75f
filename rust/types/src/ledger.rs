//! The seam between contract execution and the state: what a contract reads,
//! and what a transaction changed. `execution` is written against the trait,
//! `state` implements it, and neither knows the other (design §2).

use crate::{ConsensusTime, Height, RowBytes, RowKey};

/// Whose rows these are. Every row lies in exactly one compartment; its holder
/// has the key of it (design §6, §7). Seventeen bytes on the wire: a kind and
/// an identity of 16 bytes, zero where the kind has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compartment {
    /// Readable by every admitted party.
    Public,
    /// Readable by the administrator alone.
    Administrator,
    /// The books of one institution or investor, named by its party id.
    Party([u8; 16]),
    /// The register of one issuer, named by the issuer's party id.
    Register([u8; 16]),
}

impl Compartment {
    /// The canonical 17 bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 17] {
        let (kind, id) = match self {
            Self::Public => (0, [0; 16]),
            Self::Administrator => (1, [0; 16]),
            Self::Party(id) => (2, id),
            Self::Register(id) => (3, id),
        };
        let mut out = [0; 17];
        out[0] = kind;
        out[1..].copy_from_slice(&id);
        out
    }

    /// The inverse of [`Compartment::to_bytes`]; `None` for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 17]) -> Option<Self> {
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[1..]);
        match (bytes[0], id == [0; 16]) {
            (0, true) => Some(Self::Public),
            (1, true) => Some(Self::Administrator),
            (2, _) => Some(Self::Party(id)),
            (3, _) => Some(Self::Register(id)),
            _ => None,
        }
    }
}

/// One row set or removed. Keys sort as bytes in the order of the typed key
/// columns: contract id (u32, big-endian), table id (u16, big-endian), columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The compartment the row lies in.
    pub compartment: Compartment,
    /// The ordered key, at most [`crate::limits::KEY_BYTES_MAX`] bytes.
    pub key: RowKey,
    /// The row, at most [`crate::limits::ROW_BYTES_MAX`] bytes; `None` removes it.
    pub value: Option<RowBytes>,
}

/// A key and its row, as a scan returns them.
pub type Row = (RowKey, RowBytes);

/// A read-only view of the state after some height.
pub trait StateView {
    /// The row at `key`, if there is one.
    fn get(&self, compartment: Compartment, key: &RowKey) -> Option<RowBytes>;

    /// At most `limit` rows with `lo <= key < hi`, in key order.
    fn scan(&self, compartment: Compartment, lo: &[u8], hi: &[u8], limit: usize) -> Vec<Row>;

    /// The row at `key` after block `at`.
    fn get_at(&self, at: Height, compartment: Compartment, key: &RowKey) -> Option<RowBytes>;

    /// As [`StateView::scan`], after block `at`.
    fn scan_at(
        &self,
        at: Height,
        compartment: Compartment,
        lo: &[u8],
        hi: &[u8],
        limit: usize,
    ) -> Vec<Row>;

    /// The last block with header time `<= time`: what `as_of(time)` means.
    /// `None` before genesis. The caller has checked that `time` lies before
    /// the time of the block being executed.
    fn height_at(&self, time: ConsensusTime) -> Option<Height>;

    /// The header time of a block of the past: what `as_of(height)` means.
    /// `None` for a height that is not there.
    fn time_at(&self, height: Height) -> Option<ConsensusTime>;
}
