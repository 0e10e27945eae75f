//! Ordered key bytes (docs/bytecode.md, §3): they sort as the typed columns do,
//! and the bytes of a prefix of columns are a prefix of the bytes.

use std::sync::Arc;

use crate::reader::{Malformed, Reader};
use crate::trap::Trap;
use crate::types::{IntKind, Type, TypeId, Types};
use crate::value::Value;

/// The six bytes that every key of a table starts with.
#[must_use]
pub fn table_prefix(contract: u32, table: u16) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    start(contract, table, &mut key);
    key
}

/// Starts a key with them in `key`, whatever stood there.
pub fn start(contract: u32, table: u16, key: &mut Vec<u8>) {
    key.clear();
    key.extend_from_slice(&contract.to_be_bytes());
    key.extend_from_slice(&table.to_be_bytes());
}

/// Appends one column.
pub fn encode(types: &Types, ty: TypeId, value: &Value, out: &mut Vec<u8>) -> Result<(), Trap> {
    match (types.known(ty), value) {
        (Type::Bool, Value::Bool(flag)) => out.push(u8::from(*flag)),
        (Type::Account | Type::Party, Value::Id(id)) => out.extend_from_slice(id),
        (Type::Hash, Value::Hash(hash)) => out.extend_from_slice(hash.as_slice()),
        (Type::Str { .. }, Value::Str(_)) | (Type::Bytes { .. }, Value::Bytes(_)) => {
            encode_text(value.text()?, out);
        }
        (Type::Int(IntKind::U128), Value::Uint(raw)) => out.extend_from_slice(&raw.to_be_bytes()),
        (_, Value::Int(raw)) => {
            let (width, signed) = layout(types, ty).ok_or(Trap::Internal)?;
            let sign = if signed { 1_u128 << (width * 8 - 1) } else { 0 };
            let flipped = raw.cast_unsigned() ^ sign;
            out.extend_from_slice(&flipped.to_be_bytes()[16 - width..]);
        }
        _ => return Err(Trap::Internal),
    }
    Ok(())
}

fn encode_text(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        out.push(byte);
        if byte == 0 {
            out.push(0xFF);
        }
    }
    out.extend([0, 0]);
}

/// Width in bytes and signedness of a number column.
fn layout(types: &Types, ty: TypeId) -> Option<(usize, bool)> {
    Some(match types.known(ty) {
        Type::Int(kind) => (kind.bits() as usize / 8, kind.signed()),
        Type::Decimal { .. } => (16, true),
        Type::Date => (4, true),
        Type::Timestamp => (8, false),
        Type::Duration => (8, true),
        Type::Enum { .. } => (2, false),
        _ => return None,
    })
}

/// Reads one column back.
pub fn decode(types: &Types, ty: TypeId, reader: &mut Reader<'_>) -> Result<Value, Malformed> {
    Ok(match types.known(ty) {
        Type::Bool => Value::Bool(reader.u8()? != 0),
        Type::Account | Type::Party => Value::Id(reader.array()?),
        Type::Hash => Value::Hash(Arc::new(reader.array()?)),
        Type::Str { .. } => {
            let text = decode_text(reader)?;
            Value::Str(
                String::from_utf8(text)
                    .map_err(|_| reader.malformed())?
                    .into(),
            )
        }
        Type::Bytes { .. } => Value::Bytes(decode_text(reader)?.into()),
        Type::Int(IntKind::U128) => Value::Uint(u128::from_be_bytes(reader.array()?)),
        _ => {
            let (width, signed) = layout(types, ty).ok_or(reader.malformed())?;
            let mut bytes = [0; 16];
            bytes[16 - width..].copy_from_slice(reader.take(width)?);
            let flipped = u128::from_be_bytes(bytes);
            Value::Int(if signed {
                unflip(flipped, width)
            } else {
                flipped.cast_signed()
            })
        }
    })
}

/// Flips the sign bit back and extends it.
fn unflip(flipped: u128, width: usize) -> i128 {
    let above = 128 - width as u32 * 8;
    let raw = flipped ^ (1_u128 << (width * 8 - 1));
    (raw << above).cast_signed() >> above
}

fn decode_text(reader: &mut Reader<'_>) -> Result<Vec<u8>, Malformed> {
    let mut text = Vec::new();
    loop {
        match reader.u8()? {
            0 => match reader.u8()? {
                0 => return Ok(text),
                0xFF => text.push(0),
                _ => return Err(reader.malformed()),
            },
            byte => text.push(byte),
        }
    }
}

#[cfg(test)]
mod tests;
