//! Keys of rows as maps and trees in memory hold them: the first bytes stand in the
//! map's own nodes, so that a look-up in a large table compares numbers, and does
//! not go elsewhere in the memory for each key that it passes.

use std::cmp::Ordering;
use std::fmt::{self, Debug, Formatter};
use std::ops::Deref;
use std::sync::Arc;

/// Bytes that are compared at once, as a number.
const WORD_BYTES: usize = 8;
/// Words that stand in the node: a table's prefix and the first column or two.
const WORDS: usize = 4;
const HEAD_BYTES: usize = WORDS * WORD_BYTES;

/// The key of a row; it sorts as its bytes do, and is cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct RowKey {
    /// The first bytes, filled up with zeros.
    head: [[u8; WORD_BYTES]; WORDS],
    whole: Whole,
}

/// Where the whole key is found; a short one comes before a long one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Whole {
    /// It is so many bytes of the head.
    Head(u8),
    /// It is longer than the head.
    Long(Arc<[u8]>),
}

impl RowKey {
    /// The key of these bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        let mut head = [[0; WORD_BYTES]; WORDS];
        let shown = bytes.len().min(HEAD_BYTES);
        head.as_flattened_mut()[..shown].copy_from_slice(&bytes[..shown]);
        let whole = if bytes.len() > HEAD_BYTES {
            Whole::Long(bytes.into())
        } else {
            Whole::Head(shown as u8)
        };
        Self { head, whole }
    }
}

impl Deref for RowKey {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.whole {
            Whole::Head(length) => &self.head.as_flattened()[..usize::from(*length)],
            Whole::Long(bytes) => bytes,
        }
    }
}

/// Its bytes, however it holds them.
impl Debug for RowKey {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(&**self, formatter)
    }
}

impl Ord for RowKey {
    /// Where the heads differ they decide, as zeros only ever stand where a key has
    /// ended; where they do not, one of two short keys is the other with zeros
    /// behind it, and a short key begins a long one.
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        for (own, others) in self.head.iter().zip(&other.head) {
            let (own, others) = (u64::from_be_bytes(*own), u64::from_be_bytes(*others));
            if own != others {
                return own.cmp(&others);
            }
        }
        self.whole.cmp(&other.whole)
    }
}

impl PartialOrd for RowKey {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Short and long ones, with many that differ in zeros at the end alone.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![3 => Just(0_u8), 1 => 0..3_u8];
        prop::collection::vec(byte, 0..2 * HEAD_BYTES)
    }

    proptest! {
        #[test]
        fn keys_sort_and_equal_as_their_bytes(a in bytes(), b in bytes(), same in 0..2 * HEAD_BYTES) {
            let mut c = a.clone();
            c.resize(same, 0);
            for (left, right) in [(&a, &b), (&a, &c), (&a, &a)] {
                let keys = (RowKey::new(left), RowKey::new(right));
                prop_assert_eq!(keys.0.cmp(&keys.1), left.cmp(right));
                prop_assert_eq!(keys.0 == keys.1, left == right);
                prop_assert_eq!(&*keys.0, left.as_slice());
            }
        }
    }
}
