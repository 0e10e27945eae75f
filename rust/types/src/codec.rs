//! The one byte format: little-endian fixed fields, `u32` lengths, no padding,
//! no optional encodings. `decode(encode(x)) == x`, and bytes that decode are
//! exactly the bytes that the value encodes to, so a digest of either is the
//! same (design §3).

use thiserror::Error;

/// Why bytes are not a value of the type asked for. Every variant is reported
/// to users under the code `MALFORMED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodecError {
    /// The bytes ended inside a field.
    #[error("the bytes end inside a field: {needed} more needed")]
    Truncated {
        /// How many bytes the field still wanted.
        needed: usize,
    },
    /// Bytes were left over behind the value.
    #[error("{0} bytes stand behind the value")]
    Trailing(usize),
    /// A length or count above the bound of its field.
    #[error("length {length} is above the bound {bound}")]
    TooLong {
        /// The length that was read.
        length: usize,
        /// The most that the field holds.
        bound: usize,
    },
    /// A discriminant that no variant has, or a flag that is neither 0 nor 1.
    #[error("{value} is no variant of {of}")]
    Variant {
        /// The value that was read.
        value: u64,
        /// The type that was being decoded.
        of: &'static str,
    },
    /// Fields that each decode but do not belong together.
    #[error("inconsistent fields: {0}")]
    Inconsistent(&'static str),
}

/// Room that [`Encode::to_bytes`] starts with: an envelope of the smallest size
/// class, the value encoded most often, is written without growing.
const TYPICAL_BYTES: usize = 1_024;

/// A value with one canonical encoding.
pub trait Encode {
    /// Appends the canonical bytes to `out`.
    fn encode(&self, out: &mut Vec<u8>);

    /// The canonical bytes alone.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(TYPICAL_BYTES);
        self.encode(&mut out);
        out
    }
}

/// A value that can be read back from its canonical encoding.
pub trait Decode: Sized {
    /// Reads one value off the front of `reader`.
    ///
    /// # Errors
    /// [`CodecError`] when the bytes are not exactly a value.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError>;

    /// Reads one value that fills `bytes` to the end.
    ///
    /// # Errors
    /// [`CodecError`] when the bytes are not exactly one value.
    fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let value = Self::decode(&mut reader)?;
        reader.finish()?;
        Ok(value)
    }
}

/// A cursor over bytes that never reads past their end.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A cursor at the start of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// How many bytes are left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// [`CodecError::Truncated`] when fewer are left.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], CodecError> {
        if self.rest.len() < count {
            return Err(CodecError::Truncated {
                needed: count - self.rest.len(),
            });
        }
        let (head, tail) = self.rest.split_at(count);
        self.rest = tail;
        Ok(head)
    }

    /// The next `N` bytes as an array.
    ///
    /// # Errors
    /// [`CodecError::Truncated`] when fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let bytes = self.take(N)?;
        Ok(bytes.try_into().expect("take returned N bytes"))
    }

    /// A `u32` length, refused above `bound`.
    ///
    /// # Errors
    /// [`CodecError::TooLong`] above the bound.
    pub fn length(&mut self, bound: usize) -> Result<usize, CodecError> {
        let length = usize::try_from(u32::decode(self)?).expect("32 bits fit usize");
        if length > bound {
            return Err(CodecError::TooLong { length, bound });
        }
        Ok(length)
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`CodecError::Trailing`] when bytes are left.
    pub fn finish(self) -> Result<(), CodecError> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(CodecError::Trailing(left)),
        }
    }
}

macro_rules! integer {
    ($($name:ty),*) => {$(
        impl Encode for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
        }
        impl Decode for $name {
            fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
                Ok(Self::from_le_bytes(reader.array()?))
            }
        }
    )*};
}
integer!(u8, u16, u32, u64, u128, i64, i128);

impl Encode for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl Decode for bool {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        match u8::decode(reader)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(CodecError::Variant {
                value: other.into(),
                of: "bool",
            }),
        }
    }
}

impl<const N: usize> Encode for [u8; N] {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl<const N: usize> Decode for [u8; N] {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.array()
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.is_some().encode(out);
        if let Some(value) = self {
            value.encode(out);
        }
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(if bool::decode(reader)? {
            Some(T::decode(reader)?)
        } else {
            None
        })
    }
}

/// A sequence of at most `MAX` values: a `u32` count, then the values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct List<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> List<T, MAX> {
    /// Wraps `values`.
    ///
    /// # Errors
    /// [`CodecError::TooLong`] above `MAX`.
    pub fn new(values: Vec<T>) -> Result<Self, CodecError> {
        if values.len() > MAX {
            return Err(CodecError::TooLong {
                length: values.len(),
                bound: MAX,
            });
        }
        Ok(Self(values))
    }

    /// Gives the values back.
    #[must_use]
    pub fn into_inner(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> core::ops::Deref for List<T, MAX> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Encode, const MAX: usize> Encode for List<T, MAX> {
    fn encode(&self, out: &mut Vec<u8>) {
        assert!(self.0.len() <= MAX, "a list keeps its bound");
        u32::try_from(self.0.len())
            .expect("bounded below 2^32")
            .encode(out);
        for value in &self.0 {
            value.encode(out);
        }
    }
}

impl<T: Decode, const MAX: usize> Decode for List<T, MAX> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let count = reader.length(MAX)?;
        // The count is a claim: reserve no more than the bytes can hold.
        let mut values = Vec::with_capacity(count.min(reader.remaining()));
        for _ in 0..count {
            values.push(T::decode(reader)?);
        }
        Ok(Self(values))
    }
}

/// At most `MAX` bytes: a `u32` length, then the bytes.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Blob<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> Blob<MAX> {
    /// Wraps `bytes`.
    ///
    /// # Errors
    /// [`CodecError::TooLong`] above `MAX`.
    pub fn new(bytes: Vec<u8>) -> Result<Self, CodecError> {
        if bytes.len() > MAX {
            return Err(CodecError::TooLong {
                length: bytes.len(),
                bound: MAX,
            });
        }
        Ok(Self(bytes))
    }

    /// Gives the bytes back.
    #[must_use]
    pub fn into_inner(self) -> Vec<u8> {
        self.0
    }
}

impl<const MAX: usize> core::fmt::Debug for Blob<MAX> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}

impl<const MAX: usize> core::ops::Deref for Blob<MAX> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<const MAX: usize> Encode for Blob<MAX> {
    fn encode(&self, out: &mut Vec<u8>) {
        assert!(self.0.len() <= MAX, "a blob keeps its bound");
        u32::try_from(self.0.len())
            .expect("bounded below 2^32")
            .encode(out);
        out.extend_from_slice(&self.0);
    }
}

impl<const MAX: usize> Decode for Blob<MAX> {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let length = reader.length(MAX)?;
        Ok(Self(reader.take(length)?.to_vec()))
    }
}

/// Defines structs whose encoding is their fields in order.
#[macro_export]
macro_rules! wire_struct {
    ($($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$fmeta:meta])* pub $field:ident: $ty:ty,)*
    })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name { $($(#[$fmeta])* pub $field: $ty,)* }

        impl $crate::codec::Encode for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                $($crate::codec::Encode::encode(&self.$field, out);)*
            }
        }
        impl $crate::codec::Decode for $name {
            fn decode(
                reader: &mut $crate::codec::Reader<'_>,
            ) -> Result<Self, $crate::codec::CodecError> {
                Ok(Self { $($field: $crate::codec::Decode::decode(reader)?,)* })
            }
        }
    )*};
}

/// Defines enums that encode as a `u8` tag and the content of the variant.
#[macro_export]
macro_rules! wire_enum {
    ($($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$vmeta:meta])* $tag:literal => $variant:ident($ty:ty),)*
    })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        // Messages are built once and moved by reference: a box would buy nothing.
        #[allow(clippy::large_enum_variant)]
        pub enum $name { $($(#[$vmeta])* $variant($ty),)* }

        impl $crate::codec::Encode for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                match self { $(Self::$variant(content) => {
                    out.push($tag);
                    $crate::codec::Encode::encode(content, out);
                })* }
            }
        }
        impl $crate::codec::Decode for $name {
            fn decode(
                reader: &mut $crate::codec::Reader<'_>,
            ) -> Result<Self, $crate::codec::CodecError> {
                match <u8 as $crate::codec::Decode>::decode(reader)? {
                    $($tag => Ok(Self::$variant($crate::codec::Decode::decode(reader)?)),)*
                    other => Err($crate::codec::CodecError::Variant {
                        value: other.into(), of: stringify!($name),
                    }),
                }
            }
        }
    )*};
}

/// Defines fieldless enums that encode as one `u8`.
#[macro_export]
macro_rules! wire_tag {
    ($($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$vmeta:meta])* $variant:ident = $tag:literal,)*
    })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$vmeta])* $variant = $tag,)* }

        impl $crate::codec::Encode for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                out.push(*self as u8);
            }
        }
        impl $crate::codec::Decode for $name {
            fn decode(
                reader: &mut $crate::codec::Reader<'_>,
            ) -> Result<Self, $crate::codec::CodecError> {
                match <u8 as $crate::codec::Decode>::decode(reader)? {
                    $($tag => Ok(Self::$variant),)*
                    other => Err($crate::codec::CodecError::Variant {
                        value: other.into(), of: stringify!($name),
                    }),
                }
            }
        }
    )*};
}

/// Defines newtypes over one encodable field.
#[macro_export]
macro_rules! wire_newtype {
    ($($name:ident),* $(,)?) => {$(
        impl $crate::codec::Encode for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                $crate::codec::Encode::encode(&self.0, out);
            }
        }
        impl $crate::codec::Decode for $name {
            fn decode(
                reader: &mut $crate::codec::Reader<'_>,
            ) -> Result<Self, $crate::codec::CodecError> {
                Ok(Self($crate::codec::Decode::decode(reader)?))
            }
        }
    )*};
}
