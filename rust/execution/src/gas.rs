//! Gas schedule v1 and the meter (docs/bytecode.md, §9). The schedule is part of
//! consensus: a change is a new version, never an edit. Only the interpreter
//! charges, so that execution and replay agree to the step.

use crate::limits::{MEMORY_BYTES_MAX, MEMORY_CELL_BYTES, MEMORY_SLOT_BYTES};
use crate::trap::Trap;

/// The version that artefacts name.
pub const SCHEDULE: u16 = 1;

/// Multiplication, floored division, rounding.
pub const MULTIPLY: u64 = 4;
/// Product and quotient with a wide intermediate.
pub const MULDIV: u64 = 9;
/// Powers.
pub const POWER: u64 = 20;
/// A call inside the contract.
pub const CALL: u64 = 4;
/// A call of another contract.
pub const CALL_IMPORT: u64 = 299;
/// A text operation, beside its bytes.
pub const TEXT: u64 = 2;
/// A hash, beside its bytes.
pub const HASH: u64 = 40;
/// Looking a key up in a map, beside its bytes.
pub const LOOKUP: u64 = 4;
/// An allocation, and again for each weight.
pub const ALLOCATE: u64 = 20;
/// Calendar arithmetic.
pub const CALENDAR: u64 = 4;
/// A random value, beside its tag.
pub const RANDOM: u64 = 50;
/// Reading a row, beside its bytes.
pub const READ: u64 = 200;
/// Writing a row, beside its bytes.
pub const WRITE: u64 = 500;
/// Declaring an issue or a redemption.
pub const ISSUE: u64 = 50;
/// A scan, beside its rows.
pub const SCAN: u64 = 300;
/// One row of a scan.
pub const SCAN_ROW: u64 = 100;
/// A row passed by a scan because this block removed it.
pub const SCAN_REMOVED: u64 = 20;
/// An index entry written or removed, beside its bytes.
pub const INDEX: u64 = 250;
/// A savepoint, beside the locals it keeps.
pub const ATTEMPT: u64 = 100;
/// A day-count fraction.
pub const DAY_FRACTION: u64 = 20;
/// An event, beside its bytes.
pub const EMIT: u64 = 200;
/// Before an entry or query runs.
pub const ENTRY: u64 = 1_000;

/// `amount / unit`, rounded up.
#[must_use]
pub fn per(amount: usize, unit: u64) -> u64 {
    (amount as u64).div_ceil(unit)
}

/// Gas and steps alone, small enough for registers.
#[derive(Clone, Copy)]
pub(crate) struct Strip {
    left: u64,
    steps: u64,
}

impl Strip {
    /// As [`Meter::step`].
    #[inline]
    pub fn step(&mut self) -> Result<(), Trap> {
        self.steps += 1;
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Trap::Gas),
        }
    }
}

/// What one execution has used: gas, steps and memory.
#[derive(Clone, Debug)]
pub struct Meter {
    limit: u64,
    left: u64,
    memory_left: u64,
    /// Instructions begun.
    pub steps: u64,
}

impl Meter {
    /// A full meter.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self {
            limit,
            left: limit,
            memory_left: MEMORY_BYTES_MAX,
            steps: 0,
        }
    }

    /// Takes `cost`, or all that is left and GAS.
    #[inline]
    pub fn charge(&mut self, cost: u64) -> Result<(), Trap> {
        match self.left.checked_sub(cost) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                self.left = 0;
                Err(Trap::Gas)
            }
        }
    }

    /// A copy to go on with where the original cannot be reached; until it is
    /// given back the original stands still.
    #[inline]
    pub(crate) fn taken(&self) -> Strip {
        Strip {
            left: self.left,
            steps: self.steps,
        }
    }

    /// Takes over what the copy has used.
    #[inline]
    pub(crate) fn give_back(&mut self, strip: Strip) {
        assert!(
            strip.left <= self.left && strip.steps >= self.steps,
            "gas is only ever taken"
        );
        self.left = strip.left;
        self.steps = strip.steps;
    }

    /// Begins one instruction.
    #[inline]
    pub fn step(&mut self) -> Result<(), Trap> {
        self.steps += 1;
        self.charge(1)
    }

    /// Gas used so far; the limit once it has run out.
    #[must_use]
    pub fn used(&self) -> u64 {
        assert!(self.left <= self.limit, "gas is only ever taken");
        self.limit - self.left
    }

    /// Counts a container or text of `slots` values and `bytes` bytes.
    pub fn allocate(&mut self, slots: usize, bytes: usize) -> Result<(), Trap> {
        let size = MEMORY_CELL_BYTES + slots as u64 * MEMORY_SLOT_BYTES + bytes as u64;
        self.memory_left = self.memory_left.checked_sub(size).ok_or(Trap::Memory)?;
        Ok(())
    }
}
