//! Four clocks that do not convert into one another (design §3).

/// Time agreed in a block header: microseconds since the Unix epoch, strictly
/// increasing along the chain. The only time a contract sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConsensusTime(pub u64);

/// A position in the chain. Genesis is height 0, the first block height 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Height(pub u64);

/// Microseconds of one process's monotonic clock: time-outs only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Monotonic(pub u64);

/// Microseconds since the Unix epoch as this machine sees them: used to stamp
/// a proposal and to judge another's stamp, never below consensus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct WallClock(pub u64);

impl Height {
    /// The height after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.checked_add(1).expect("a height fits 64 bits"))
    }
}
