//! Canonical bytes of values (docs/bytecode.md, §3): one encoding per value,
//! decoding accepts nothing else.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::limits::{MEMORY_SLOT_BYTES, VALUE_BYTES_MAX};
use crate::reader::{Malformed, Reader};
use crate::trap::Trap;
use crate::types::{Field, IntKind, Type, TypeId, Types};
use crate::value::Value;

/// Appends the canonical bytes of `value`. LENGTH once `out` passes
/// [`VALUE_BYTES_MAX`], INTERNAL when the value is not of the type.
pub fn encode(types: &Types, ty: TypeId, value: &Value, out: &mut Vec<u8>) -> Result<(), Trap> {
    match (types.known(ty), value) {
        (Type::Bool, Value::Bool(flag)) => out.push(u8::from(*flag)),
        (Type::Int(kind), _) => encode_int(*kind, value, out)?,
        (Type::Decimal { .. }, Value::Int(raw)) => out.extend_from_slice(&raw.to_le_bytes()),
        (Type::Account | Type::Party, Value::Id(id)) => out.extend_from_slice(id),
        (Type::Hash, Value::Hash(hash)) => out.extend_from_slice(hash.as_slice()),
        (Type::Date, Value::Int(raw)) => out.extend_from_slice(&narrow::<i32>(*raw)?.to_le_bytes()),
        (Type::Timestamp, Value::Int(raw)) => {
            out.extend_from_slice(&narrow::<u64>(*raw)?.to_le_bytes())
        }
        (Type::Duration, Value::Int(raw)) => {
            out.extend_from_slice(&narrow::<i64>(*raw)?.to_le_bytes())
        }
        (Type::Enum { .. }, Value::Int(raw)) => {
            out.extend_from_slice(&narrow::<u16>(*raw)?.to_le_bytes())
        }
        (Type::Str { .. }, Value::Str(_)) | (Type::Bytes { .. }, Value::Bytes(_)) => {
            let text = value.text()?;
            encode_count(text.len(), out);
            out.extend_from_slice(text);
        }
        (Type::Record { .. }, Value::Record(values)) => encode_record(types, ty, values, out)?,
        (Type::List { element, .. }, Value::List(values)) => {
            encode_count(values.len(), out);
            values
                .iter()
                .try_for_each(|value| encode(types, *element, value, out))?;
        }
        (Type::Map { key, value, .. }, Value::Map(pairs)) => {
            encode_count(pairs.len(), out);
            for (left, right) in pairs.iter() {
                encode(types, *key, left, out)?;
                encode(types, *value, right, out)?;
            }
        }
        (Type::Optional { .. }, Value::None) => out.push(0),
        (Type::Optional { inner }, Value::Some(value)) => {
            out.push(1);
            encode(types, *inner, value, out)?;
        }
        _ => return Err(Trap::Internal),
    }
    if out.len() > VALUE_BYTES_MAX {
        Err(Trap::Length)
    } else {
        Ok(())
    }
}

/// As [`encode`], of a record's fields.
pub fn encode_record(
    types: &Types,
    ty: TypeId,
    values: &[Value],
    out: &mut Vec<u8>,
) -> Result<(), Trap> {
    match types.known(ty) {
        Type::Record { fields, .. } if fields.len() == values.len() => fields
            .iter()
            .zip(values)
            .try_for_each(|(field, value)| encode(types, field.ty, value, out)),
        _ => Err(Trap::Internal),
    }
}

fn narrow<T: TryFrom<i128>>(raw: i128) -> Result<T, Trap> {
    T::try_from(raw).map_err(|_| Trap::Internal)
}

fn encode_count(count: usize, out: &mut Vec<u8>) {
    let count = u32::try_from(count).expect("values are bounded far below 2^32");
    out.extend_from_slice(&count.to_le_bytes());
}

fn encode_int(kind: IntKind, value: &Value, out: &mut Vec<u8>) -> Result<(), Trap> {
    let width = kind.bits() as usize / 8;
    match (kind, value) {
        (IntKind::U128, Value::Uint(raw)) => out.extend_from_slice(&raw.to_le_bytes()),
        (IntKind::U128, _) => return Err(Trap::Internal),
        (_, Value::Int(raw)) => out.extend_from_slice(&raw.to_le_bytes()[..width]),
        _ => return Err(Trap::Internal),
    }
    Ok(())
}

/// Decodes values and counts what they hold.
pub struct Decoder<'a> {
    types: &'a Types,
    reader: Reader<'a>,
    /// Bytes of memory the values decoded so far count for.
    pub memory_bytes: u64,
}

impl<'a> Decoder<'a> {
    /// Starts at the front of `bytes`.
    #[must_use]
    pub fn new(types: &'a Types, bytes: &'a [u8]) -> Self {
        Self {
            types,
            reader: Reader::new(bytes),
            memory_bytes: 0,
        }
    }

    /// The next value.
    pub fn value(&mut self, ty: TypeId) -> Result<Value, Malformed> {
        self.memory_bytes += MEMORY_SLOT_BYTES;
        let bad = self.reader.malformed();
        let types = self.types;
        Ok(match types.known(ty) {
            Type::Bool => match self.reader.u8()? {
                0 => Value::Bool(false),
                1 => Value::Bool(true),
                _ => return Err(bad),
            },
            Type::Int(kind) => self.int(*kind)?,
            Type::Account | Type::Party => Value::Id(self.reader.array()?),
            Type::Hash => Value::Hash(Arc::new(self.reader.array()?)),
            Type::Str { max } => {
                let text = self.reader.text(VALUE_BYTES_MAX)?;
                if text.chars().count() > *max as usize {
                    return Err(bad);
                }
                self.memory_bytes += text.len() as u64;
                Value::Str(text.into())
            }
            Type::Bytes { max } => {
                let bytes = self.reader.bytes(*max as usize)?;
                self.memory_bytes += bytes.len() as u64;
                Value::Bytes(bytes.into())
            }
            Type::Record { fields, .. } => Value::Record(Arc::new(self.fields(fields)?)),
            Type::List { element, max } => {
                let count = self.reader.count(*max as usize)?;
                let mut values = Vec::with_capacity(count);
                for _ in 0..count {
                    values.push(self.value(*element)?);
                }
                Value::List(Arc::new(values))
            }
            Type::Map { key, value, max } => self.map(*key, *value, *max)?,
            Type::Optional { inner } => match self.reader.u8()? {
                0 => Value::None,
                1 => Value::Some(Arc::new(self.value(*inner)?)),
                _ => return Err(bad),
            },
            _ => self.raw(ty)?,
        })
    }

    /// The next value, a record, as its fields.
    pub fn record(&mut self, ty: TypeId) -> Result<Vec<Value>, Malformed> {
        let types = self.types;
        let Type::Record { fields, .. } = types.known(ty) else {
            return Err(self.reader.malformed());
        };
        self.memory_bytes += MEMORY_SLOT_BYTES;
        self.fields(fields)
    }

    fn fields(&mut self, fields: &[Field]) -> Result<Vec<Value>, Malformed> {
        let mut values = Vec::with_capacity(fields.len());
        for field in fields {
            values.push(self.value(field.ty)?);
        }
        Ok(values)
    }

    /// Decimal, Date, Timestamp, Duration, Enum: a number inside bounds.
    fn raw(&mut self, ty: TypeId) -> Result<Value, Malformed> {
        let bad = self.reader.malformed();
        let raw = match self.types.known(ty) {
            Type::Decimal { .. } => self.reader.i128()?,
            Type::Date => self.reader.i32()?.into(),
            Type::Timestamp => self.reader.u64()?.into(),
            Type::Duration => self.reader.i64()?.into(),
            Type::Enum { .. } => self.reader.u16()?.into(),
            _ => unreachable!("value() has taken every other type"),
        };
        let (least, greatest) = self.types.raw_bounds(ty).ok_or(bad)?;
        if raw < least || raw > greatest {
            Err(bad)
        } else {
            Ok(Value::Int(raw))
        }
    }

    fn int(&mut self, kind: IntKind) -> Result<Value, Malformed> {
        let reader = &mut self.reader;
        Ok(Value::Int(match kind {
            IntKind::U8 => reader.u8()?.into(),
            IntKind::U16 => reader.u16()?.into(),
            IntKind::U32 => reader.u32()?.into(),
            IntKind::U64 => reader.u64()?.into(),
            IntKind::I8 => reader.i8()?.into(),
            IntKind::I16 => reader.i16()?.into(),
            IntKind::I32 => reader.i32()?.into(),
            IntKind::I64 => reader.i64()?.into(),
            IntKind::I128 => reader.i128()?,
            IntKind::U128 => return Ok(Value::Uint(reader.u128()?)),
        }))
    }

    fn map(&mut self, key: TypeId, value: TypeId, max: u32) -> Result<Value, Malformed> {
        let bad = self.reader.malformed();
        let count = self.reader.count(max as usize)?;
        let mut pairs: Vec<(Value, Value)> = Vec::with_capacity(count);
        for _ in 0..count {
            let pair = (self.value(key)?, self.value(value)?);
            if let Some((last, _)) = pairs.last() {
                let ascends = last.cmp_scalar(&pair.0) == Ok(Ordering::Less);
                if !ascends {
                    return Err(bad);
                }
            }
            pairs.push(pair);
        }
        Ok(Value::Map(Arc::new(pairs)))
    }

    /// All bytes must have been decoded.
    pub fn finish(&self) -> Result<(), Malformed> {
        self.reader.finish()
    }
}

#[cfg(test)]
mod tests;
