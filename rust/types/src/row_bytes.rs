//! The bytes of a row. Those of a balance stand where the row's handle stands, so that
//! reading one does not go elsewhere in the memory; longer ones are shared.

use std::fmt::{self, Debug, Formatter};
use std::ops::Deref;
use std::sync::Arc;

/// Two amounts of 16 bytes with the version before them, and a little more.
const INLINE_BYTES: usize = 38;

/// The bytes of a row: written once, then handed on by everything that holds the row,
/// from the call that wrote it to the history that keeps it. Cheap to clone.
#[derive(Clone)]
pub struct RowBytes(Held);

#[derive(Clone)]
enum Held {
    Inline {
        length: u8,
        bytes: [u8; INLINE_BYTES],
    },
    Shared(Arc<[u8]>),
}

impl Deref for RowBytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Held::Inline { length, bytes } => &bytes[..usize::from(*length)],
            Held::Shared(bytes) => bytes,
        }
    }
}

impl From<&[u8]> for RowBytes {
    fn from(row: &[u8]) -> Self {
        if row.len() > INLINE_BYTES {
            return Self(Held::Shared(row.into()));
        }
        let mut bytes = [0; INLINE_BYTES];
        bytes[..row.len()].copy_from_slice(row);
        Self(Held::Inline {
            length: row.len() as u8,
            bytes,
        })
    }
}

impl From<Vec<u8>> for RowBytes {
    fn from(row: Vec<u8>) -> Self {
        row.as_slice().into()
    }
}

impl PartialEq for RowBytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for RowBytes {}

/// Its bytes, however it holds them.
impl Debug for RowBytes {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(&**self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_are_their_bytes(
            a in prop::collection::vec(0..2_u8, 0..2 * INLINE_BYTES),
            b in prop::collection::vec(0..2_u8, 0..3),
        ) {
            let rows = (RowBytes::from(a.as_slice()), RowBytes::from(b.clone()));
            prop_assert_eq!(&*rows.0, a.as_slice());
            prop_assert_eq!(rows.0 == rows.1, a == b);
            prop_assert_eq!(&rows.0, &rows.0.clone());
        }
    }
}
