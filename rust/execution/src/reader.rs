//! A cursor over untrusted bytes: every read is checked, every count bounded.

/// The bytes end early, hold a bad count, or are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed bytes at offset {offset}")]
pub struct Malformed {
    /// Where in the input.
    pub offset: usize,
}

/// Reads little-endian fields from the front.
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

macro_rules! fixed {
    ($($name:ident $type:ty;)*) => {
        $(#[doc = concat!("A little-endian `", stringify!($type), "`.")]
        pub fn $name(&mut self) -> Result<$type, Malformed> {
            Ok(<$type>::from_le_bytes(self.array()?))
        })*
    };
}

impl<'a> Reader<'a> {
    /// Starts at the front of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes read so far.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Bytes left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The error of this place.
    #[must_use]
    pub fn malformed(&self) -> Malformed {
        Malformed { offset: self.at }
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        if count > self.remaining() {
            return Err(self.malformed());
        }
        let taken = &self.bytes[self.at..self.at + count];
        self.at += count;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let taken = self.take(N)?;
        Ok(taken.try_into().expect("take returns what was asked"))
    }

    fixed! { u8 u8; u16 u16; u32 u32; u64 u64; i8 i8; i16 i16; i32 i32; i64 i64; i128 i128; u128 u128; }

    /// A `u32` count of at most `max` items of which each takes a byte or more.
    pub fn count(&mut self, max: usize) -> Result<usize, Malformed> {
        let before = self.malformed();
        let count = self.u32()? as usize;
        if count > max || count > self.remaining() {
            return Err(before);
        }
        Ok(count)
    }

    /// A `u32` length of at most `max`, and that many bytes.
    pub fn bytes(&mut self, max: usize) -> Result<&'a [u8], Malformed> {
        let length = self.count(max)?;
        self.take(length)
    }

    /// As [`Reader::bytes`], as UTF-8.
    pub fn text(&mut self, max: usize) -> Result<&'a str, Malformed> {
        let before = self.malformed();
        std::str::from_utf8(self.bytes(max)?).map_err(|_| before)
    }

    /// A bounded vector of items.
    pub fn many<T, E: From<Malformed>>(
        &mut self,
        max: usize,
        mut item: impl FnMut(&mut Self) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        let count = self.count(max)?;
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// All bytes must have been read.
    pub fn finish(&self) -> Result<(), Malformed> {
        if self.remaining() == 0 {
            Ok(())
        } else {
            Err(self.malformed())
        }
    }
}
