//! Run-time values. Types live in the code, not in the values; the tag here is
//! checked at every use all the same, so a verifier's mistake ends in INTERNAL
//! and never in undefined meaning.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::fault::{self, Fault};
use crate::gas::Meter;
use crate::trap::Trap;

/// One value. Large ones are shared and copied on change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Value {
    /// A local that has not been set.
    #[default]
    Unset,
    /// Bool.
    Bool(bool),
    /// Every integer but U128, Decimal mantissa, days, µs, ordinal.
    Int(i128),
    /// U128.
    Uint(u128),
    /// Account, Party.
    Id([u8; 16]),
    /// Hash.
    Hash(Arc<[u8; 32]>),
    /// Str.
    Str(Arc<str>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// Record, fields in order.
    Record(Arc<Vec<Value>>),
    /// List.
    List(Arc<Vec<Value>>),
    /// Map, ascending by key.
    Map(Arc<Vec<(Value, Value)>>),
    /// Absent optional.
    None,
    /// Present optional.
    Some(Arc<Value>),
}

macro_rules! as_tag {
    ($($name:ident $variant:ident $type:ty;)*) => {
        $(#[doc = concat!("The content of a `", stringify!($variant), "`; INTERNAL for any other tag.")]
        pub fn $name(self) -> Result<$type, Trap> {
            match self { Self::$variant(inner) => Ok(inner), _ => Err(Trap::Internal) }
        })*
    };
}

impl Value {
    as_tag! {
        bool Bool bool; int Int i128; uint Uint u128; id Id [u8; 16]; hash Hash Arc<[u8; 32]>;
        str Str Arc<str>; bytes Bytes Arc<[u8]>; record Record Arc<Vec<Value>>;
        list List Arc<Vec<Value>>; map Map Arc<Vec<(Value, Value)>>;
    }

    /// A text's bytes; INTERNAL for anything else.
    pub fn text(&self) -> Result<&[u8], Trap> {
        match self {
            Self::Str(text) => Ok(text.as_bytes()),
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(Trap::Internal),
        }
    }

    /// Order of two scalars of one type: key types and nothing that nests.
    pub fn cmp_scalar(&self, other: &Self) -> Result<Ordering, Trap> {
        Ok(match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Uint(a), Self::Uint(b)) => a.cmp(b),
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Id(a), Self::Id(b)) => a.cmp(b),
            (Self::Hash(a), Self::Hash(b)) => a.cmp(b),
            (Self::Str(a), Self::Str(b)) if fault::is(Fault::ShortFirst) => {
                (a.len(), a).cmp(&(b.len(), b))
            }
            (Self::Str(a), Self::Str(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Self::Bytes(a), Self::Bytes(b)) => a.cmp(b),
            _ => return Err(Trap::Internal),
        })
    }

    /// Order of any two values of one type, lexicographic, paid per value
    /// visited: a small value may hold one part many times over.
    pub fn cmp_paid(&self, other: &Self, meter: &mut Meter) -> Result<Ordering, Trap> {
        meter.charge(1)?;
        match (self, other) {
            (Self::Str(_) | Self::Bytes(_), _) => {
                let compared = self.text()?.len().min(other.text()?.len());
                meter.charge(crate::gas::per(compared, 16))?;
                self.cmp_scalar(other)
            }
            (Self::None, Self::None) => Ok(Ordering::Equal),
            (Self::None, Self::Some(_)) => Ok(Ordering::Less),
            (Self::Some(_), Self::None) => Ok(Ordering::Greater),
            (Self::Some(a), Self::Some(b)) => a.cmp_paid(b, meter),
            (Self::Record(a), Self::Record(b)) | (Self::List(a), Self::List(b)) => {
                cmp_all(a.iter(), b.iter(), meter)
            }
            (Self::Map(a), Self::Map(b)) => cmp_all(
                a.iter().flat_map(|(key, value)| [key, value]),
                b.iter().flat_map(|(key, value)| [key, value]),
                meter,
            ),
            _ => self.cmp_scalar(other),
        }
    }
}

fn cmp_all<'a>(
    mut left: impl Iterator<Item = &'a Value>,
    mut right: impl Iterator<Item = &'a Value>,
    meter: &mut Meter,
) -> Result<Ordering, Trap> {
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ok(Ordering::Equal),
            (None, Some(_)) => return Ok(Ordering::Less),
            (Some(_), None) => return Ok(Ordering::Greater),
            (Some(a), Some(b)) => match a.cmp_paid(b, meter)? {
                Ordering::Equal => {}
                unequal => return Ok(unequal),
            },
        }
    }
}
