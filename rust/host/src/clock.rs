//! The only place of the product that reads a clock.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use daicho_types::{Monotonic, WallClock};

/// The process's two clocks.
#[derive(Debug)]
pub struct Clock {
    start: Instant,
    offset_us: i64,
}

impl Clock {
    /// Monotonic time counts from here; the wall clock goes wrong by
    /// `offset_us`, which is zero but in tests of clocks that disagree.
    #[must_use]
    #[allow(clippy::disallowed_methods)] // host reads the clock, nobody below does
    pub fn start(offset_us: i64) -> Self {
        Self {
            start: Instant::now(),
            offset_us,
        }
    }

    /// Microseconds since [`Clock::start`].
    #[must_use]
    pub fn monotonic(&self) -> Monotonic {
        let elapsed = self.start.elapsed().as_micros();
        Monotonic(u64::try_from(elapsed).expect("a process runs for less than 2^64 µs"))
    }

    /// Microseconds since the Unix epoch, as this machine believes.
    #[must_use]
    #[allow(clippy::disallowed_methods)]
    pub fn wall(&self) -> WallClock {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let true_us = u64::try_from(since.as_micros()).expect("the year is below 500,000");
        WallClock(true_us.saturating_add_signed(self.offset_us))
    }
}
