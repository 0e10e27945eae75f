//! Changes and blocks as chunks, journal records and snapshots spell them.

use daicho_types::codec::{Blob, CodecError, List};
use daicho_types::ledger::{Change, Compartment};
use daicho_types::limits::{KEY_BYTES_MAX, ROW_BYTES_MAX};
use daicho_types::{ConsensusTime, Digest, Height, RowKey, wire_struct};

use crate::BlockRef;
use crate::limits::BLOCK_CHANGES_MAX;

wire_struct! {
    /// A change inside a known compartment.
    pub struct StoredRow {
        /// The row's key.
        pub key: Blob<KEY_BYTES_MAX>,
        /// The row, `None` when it is removed.
        pub value: Option<Blob<ROW_BYTES_MAX>>,
    }

    /// A change with its compartment.
    pub struct StoredChange {
        /// As [`Compartment::to_bytes`].
        pub compartment: [u8; 17],
        /// The row.
        pub row: StoredRow,
    }

    /// A block's effect on the state.
    pub struct StoredBlock {
        /// The block's height.
        pub height: Height,
        /// Digest of its header.
        pub digest: Digest,
        /// Its time.
        pub time: ConsensusTime,
        /// The state root after it.
        pub root: Digest,
        /// What it changed, rising by compartment and key.
        pub changes: List<StoredChange, BLOCK_CHANGES_MAX>,
    }
}

impl StoredRow {
    pub(crate) fn of(change: &Change) -> Result<Self, CodecError> {
        Ok(Self {
            key: Blob::new(change.key.to_vec())?,
            value: change
                .value
                .as_deref()
                .map(<[u8]>::to_vec)
                .map(Blob::new)
                .transpose()?,
        })
    }

    pub(crate) fn into_change(self, compartment: Compartment) -> Change {
        Change {
            compartment,
            key: RowKey::new(&self.key),
            value: self.value.map(|row| row.into_inner().into()),
        }
    }
}

impl StoredBlock {
    /// # Errors
    /// [`CodecError::TooLong`] when a change is out of bounds.
    pub(crate) fn of(
        block: &BlockRef,
        root: Digest,
        changes: &[Change],
    ) -> Result<Self, CodecError> {
        let mut stored = Vec::with_capacity(changes.len());
        for change in changes {
            stored.push(StoredChange {
                compartment: change.compartment.to_bytes(),
                row: StoredRow::of(change)?,
            });
        }
        Ok(Self {
            height: block.height,
            digest: block.digest,
            time: block.time,
            root,
            changes: List::new(stored)?,
        })
    }

    pub(crate) fn block(&self) -> BlockRef {
        BlockRef {
            height: self.height,
            digest: self.digest,
            time: self.time,
        }
    }

    /// # Errors
    /// [`CodecError::Inconsistent`] when a compartment is none.
    pub(crate) fn into_changes(self) -> Result<Vec<Change>, CodecError> {
        let mut changes = Vec::with_capacity(self.changes.len());
        for StoredChange { compartment, row } in self.changes.into_inner() {
            let unknown = CodecError::Inconsistent("no such compartment");
            let compartment = Compartment::from_bytes(&compartment).ok_or(unknown)?;
            changes.push(row.into_change(compartment));
        }
        Ok(changes)
    }
}
