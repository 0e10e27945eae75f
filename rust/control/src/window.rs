//! Which sequences of one lane are used: a bitmap of 1,024 over the oldest
//! unused one (design §3, Replay). It remembers nothing but "used": that the
//! same bytes again get the same receipt is the business of the node's index.

use daicho_types::Code;
use daicho_types::codec::Encode;
use daicho_types::limits::REPLAY_WINDOW_SEQUENCES;

const WORDS: usize = 16;
const WORD_BITS: u64 = 64;

/// The used sequences of one lane. The first sequence of a lane is 0.
///
/// Invariant: `oldest_unused` is unused, so bit 0 is always clear; everything
/// below it is used; everything from `oldest_unused + 1024` on is unused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayWindow {
    oldest_unused: u64,
    bits: [u64; WORDS],
}

impl ReplayWindow {
    /// The lowest sequence that may still be used.
    #[must_use]
    pub fn oldest_unused(&self) -> u64 {
        self.oldest_unused
    }

    /// Whether `sequence` may be used now.
    ///
    /// # Errors
    /// `REPLAY` below the window, `SEQUENCE_USED` inside it when used,
    /// `SEQUENCE_AHEAD` above it.
    pub fn check(&self, sequence: u64) -> Result<(), Code> {
        let place = sequence
            .checked_sub(self.oldest_unused)
            .ok_or(Code::Replay)?;
        if place >= REPLAY_WINDOW_SEQUENCES {
            return Err(Code::SequenceAhead);
        }
        match self.used(place) {
            true => Err(Code::SequenceUsed),
            false => Ok(()),
        }
    }

    /// Marks `sequence` used and slides past every used one at the front.
    ///
    /// # Panics
    /// When [`ReplayWindow::check`] refuses it: only valid blocks are applied.
    pub fn mark(&mut self, sequence: u64) {
        assert_eq!(self.check(sequence), Ok(()), "a marked sequence is free");
        let place = sequence - self.oldest_unused;
        self.bits[(place / WORD_BITS) as usize] |= 1 << (place % WORD_BITS);
        // A full word at a time: at most WORDS rounds and one for the rest.
        for _ in 0..=WORDS {
            let front = u64::from(self.bits[0].trailing_ones());
            if front == 0 {
                break;
            }
            self.slide(front);
        }
        assert!(!self.used(0), "the oldest unused sequence is unused");
    }

    fn used(&self, place: u64) -> bool {
        self.bits[(place / WORD_BITS) as usize] >> (place % WORD_BITS) & 1 == 1
    }

    /// Drops the first `count` bits, 1 to 64.
    fn slide(&mut self, count: u64) {
        assert!((1..=WORD_BITS).contains(&count));
        self.oldest_unused = self
            .oldest_unused
            .checked_add(count)
            .expect("a lane does not use 2^64 sequences");
        for word in 0..WORDS {
            let above = self.bits.get(word + 1).copied().unwrap_or(0);
            let wide = u128::from(above) << WORD_BITS | u128::from(self.bits[word]);
            self.bits[word] = (wide >> count) as u64;
        }
    }
}

impl Encode for ReplayWindow {
    fn encode(&self, out: &mut Vec<u8>) {
        self.oldest_unused.encode(out);
        self.bits.iter().for_each(|word| word.encode(out));
    }
}
