//! Rows of the reserved contract 0: pending timers, the feeds' last readings and
//! the code that runs (docs/bytecode.md, §11, §13). No contract's own tables can reach them; only the
//! block's prologue and the instructions meant for them do.

use daicho_types::limits::{ARGUMENT_BYTES_MAX, ROW_BYTES_MAX};
use daicho_types::{ConsensusTime, RowKey};

use crate::key::table_prefix;
use crate::reader::{Malformed, Reader};

/// The contract id that nothing is deployed under.
pub const CONTRACT: u32 = 0;
/// Pending timers, in the administrator's compartment.
pub const TIMERS: u16 = 1;
/// Last readings of the feeds, public.
pub const FEEDS: u16 = 2;
/// The code that runs of each contract, public.
pub const CODE: u16 = 3;
/// The layout of these rows.
const ROW_VERSION: u16 = 1;

/// A timer's name: due time, priority and contract in order, then 19 bytes that
/// make it unique.
pub type TimerId = [u8; 32];

/// The party that a contract is when a timer runs it.
#[must_use]
pub fn contract_party(contract: u32) -> [u8; 16] {
    let hash = blake3::derive_key("daicho v1 contract party", &contract.to_le_bytes());
    hash[..16].try_into().expect("sixteen of thirty-two bytes")
}

/// A pending timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// Whose.
    pub contract: u32,
    /// Which of its scheduled functions.
    pub scheduled: u32,
    /// Canonical arguments, but for the last when that is a cursor.
    pub arguments: Vec<u8>,
    /// The cursor, or nothing.
    pub cursor: Vec<u8>,
}

impl Timer {
    /// The id of the timer that `setter` (a transaction or timer) sets as its
    /// `count`-th in the block of this height.
    #[must_use]
    pub fn id(
        &self,
        due: u64,
        priority: u8,
        setter: &[u8; 32],
        height: u64,
        count: u32,
    ) -> TimerId {
        let mut hash = blake3::Hasher::new_derive_key("daicho v1 contract timer");
        hash.update(setter)
            .update(&height.to_le_bytes())
            .update(&count.to_le_bytes());
        let mut id = [0; 32];
        id[..8].copy_from_slice(&due.to_be_bytes());
        id[8] = priority;
        id[9..13].copy_from_slice(&self.contract.to_be_bytes());
        id[13..].copy_from_slice(&hash.finalize().as_bytes()[..19]);
        id
    }

    /// The stored row.
    #[must_use]
    pub fn row(&self) -> Vec<u8> {
        let mut row = Vec::with_capacity(18 + self.arguments.len() + self.cursor.len());
        row.extend(ROW_VERSION.to_le_bytes());
        row.extend(self.contract.to_le_bytes());
        row.extend(self.scheduled.to_le_bytes());
        for part in [&self.arguments, &self.cursor] {
            let length = u32::try_from(part.len()).expect("arguments are bounded");
            row.extend(length.to_le_bytes());
            row.extend(part);
        }
        assert!(
            row.len() <= ROW_BYTES_MAX,
            "arguments and a header fit a row"
        );
        row
    }

    /// The inverse of [`Timer::row`].
    pub fn from_row(row: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(row);
        if reader.u16()? != ROW_VERSION {
            return Err(reader.malformed());
        }
        let timer = Self {
            contract: reader.u32()?,
            scheduled: reader.u32()?,
            arguments: reader.bytes(ARGUMENT_BYTES_MAX)?.to_vec(),
            cursor: reader.bytes(ARGUMENT_BYTES_MAX)?.to_vec(),
        };
        reader.finish()?;
        Ok(timer)
    }
}

/// The key of a timer's row.
#[must_use]
pub fn timer_key(id: &TimerId) -> RowKey {
    let mut key = table_prefix(CONTRACT, TIMERS);
    key.extend(id);
    RowKey::new(&key)
}

/// The contract that a timer's id names.
#[must_use]
pub fn timer_contract(id: &TimerId) -> u32 {
    u32::from_be_bytes(id[9..13].try_into().expect("four bytes"))
}

/// When a timer is due.
#[must_use]
pub fn timer_due(id: &TimerId) -> u64 {
    u64::from_be_bytes(id[..8].try_into().expect("eight bytes"))
}

/// One value of an outside feed, as the block carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The feed's number in the control state.
    pub feed: u16,
    /// The slot it was signed for.
    pub slot: u64,
    /// The time of that slot.
    pub time: ConsensusTime,
    /// The value, canonical bytes of the type its readers expect.
    pub bytes: Vec<u8>,
}

impl Reading {
    /// The stored row.
    ///
    /// # Panics
    /// When the value is longer than a row may be: the header bounds it.
    #[must_use]
    pub fn row(&self) -> Vec<u8> {
        let mut row = Vec::with_capacity(22 + self.bytes.len());
        row.extend(ROW_VERSION.to_le_bytes());
        row.extend(self.time.0.to_le_bytes());
        row.extend(self.slot.to_le_bytes());
        let length = u32::try_from(self.bytes.len()).expect("values are bounded");
        row.extend(length.to_le_bytes());
        row.extend(&self.bytes);
        assert!(row.len() <= ROW_BYTES_MAX, "the header bounds a reading");
        row
    }

    /// The inverse of [`Reading::row`].
    pub fn from_row(feed: u16, row: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(row);
        if reader.u16()? != ROW_VERSION {
            return Err(reader.malformed());
        }
        let reading = Self {
            feed,
            time: ConsensusTime(reader.u64()?),
            slot: reader.u64()?,
            bytes: reader.bytes(ROW_BYTES_MAX)?.to_vec(),
        };
        reader.finish()?;
        Ok(reading)
    }
}

/// The key of the row that says which code of a contract runs.
#[must_use]
pub fn code_key(contract: u32) -> RowKey {
    let mut key = table_prefix(CONTRACT, CODE);
    key.extend(contract.to_be_bytes());
    RowKey::new(&key)
}

/// That row: the code's hash.
#[must_use]
pub fn code_row(hash: &[u8; 32]) -> Vec<u8> {
    let mut row = ROW_VERSION.to_le_bytes().to_vec();
    row.extend(hash);
    row
}

/// The key of a feed's last reading.
#[must_use]
pub fn feed_key(feed: u16) -> RowKey {
    let mut key = table_prefix(CONTRACT, FEEDS);
    key.extend(feed.to_be_bytes());
    RowKey::new(&key)
}
