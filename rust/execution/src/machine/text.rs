//! Str and Bytes. Every operation pays for the bytes it reads and makes.

use std::sync::Arc;

use super::Machine;
use super::data::{position, range};
use crate::codec;
use crate::gas;
use crate::num::Num;
use crate::op::Text;
use crate::trap::Trap;
use crate::types::{Type, TypeId};
use crate::value::Value;

impl Machine<'_> {
    pub(super) fn text(&mut self, op: Text) -> Result<(), Trap> {
        let value = match op {
            Text::Len => {
                let text = self.pop_text()?;
                Value::Int(length(&text)? as i128)
            }
            Text::Concat { to } => {
                let (b, a) = (self.pop_text()?, self.pop_text()?);
                let joined = [a.text()?, b.text()?].concat();
                self.make_text(to, joined)?
            }
            Text::Slice { to } => self.slice_text(to)?,
            Text::CodeAt => {
                let (index, text) = (self.pop_int()?, self.pop_text()?);
                code_at(&text, index)?
            }
            Text::FromCode { to } => {
                let code = u32::try_from(self.pop_int()?).map_err(|_| Trap::Domain)?;
                let letter = char::from_u32(code).ok_or(Trap::Domain)?;
                self.make_text(to, letter.to_string().into_bytes())?
            }
            Text::FromInt { to } => {
                let digits = match self.pop()? {
                    Value::Uint(raw) => raw.to_string(),
                    other => other.int()?.to_string(),
                };
                self.make_text(to, digits.into_bytes())?
            }
            Text::ToInt { to } => {
                let text = self.pop_text()?;
                parse(to, text.text()?)?
            }
            Text::Find => self.find()?,
            Text::StartsWith => {
                let (b, a) = (self.pop_text()?, self.pop_text()?);
                Value::Bool(a.text()?.starts_with(b.text()?))
            }
            Text::Coerce { from, to } => self.coerce(from, to)?,
            Text::Encode { from, to } => {
                let value = self.pop()?;
                let bytes = self.encoded(from, &value)?;
                self.meter.charge(gas::TEXT + gas::per(bytes.len(), 8))?;
                self.bounded_text(to, bytes)?
            }
            Text::Hash { from } => self.hash(from)?,
            Text::HashBelow => {
                self.meter.charge(gas::MULDIV)?;
                let (bound, hash) = (self.pop_int()?, self.pop()?.hash()?);
                Value::Int(below(&hash, bound)?)
            }
        };
        self.push(value);
        Ok(())
    }

    /// A text operand, its bytes paid.
    fn pop_text(&mut self) -> Result<Value, Trap> {
        let text = self.pop()?;
        self.meter
            .charge(gas::TEXT / 2 + gas::per(text.text()?.len(), 16))?;
        Ok(text)
    }

    /// A text result, its bytes paid.
    fn make_text(&mut self, to: TypeId, bytes: Vec<u8>) -> Result<Value, Trap> {
        self.meter
            .charge(gas::TEXT / 2 + gas::per(bytes.len(), 16))?;
        self.bounded_text(to, bytes)
    }

    /// A text of type `to`: LENGTH past its bound, DOMAIN when not UTF-8.
    fn bounded_text(&mut self, to: TypeId, bytes: Vec<u8>) -> Result<Value, Trap> {
        if bytes.len() > crate::limits::VALUE_BYTES_MAX {
            return Err(Trap::Length);
        }
        self.meter.allocate(0, bytes.len())?;
        match self.frame()?.module.module().types.known(to) {
            Type::Bytes { max } if bytes.len() <= *max as usize => Ok(Value::Bytes(bytes.into())),
            Type::Str { max } => {
                let text = String::from_utf8(bytes).map_err(|_| Trap::Domain)?;
                let fits = text.chars().count() <= *max as usize;
                if fits {
                    Ok(Value::Str(text.into()))
                } else {
                    Err(Trap::Length)
                }
            }
            Type::Bytes { .. } => Err(Trap::Length),
            _ => Err(Trap::Internal),
        }
    }

    fn slice_text(&mut self, to: TypeId) -> Result<Value, Trap> {
        let (hi, lo) = (self.pop_int()?, self.pop_int()?);
        let text = self.pop_text()?;
        let (lo, hi) = range(lo, hi, length(&text)?);
        let bytes = match &text {
            Value::Str(text) => text
                .chars()
                .skip(lo)
                .take(hi - lo)
                .collect::<String>()
                .into_bytes(),
            other => other.text()?[lo..hi].to_vec(),
        };
        self.make_text(to, bytes)
    }

    fn find(&mut self) -> Result<Value, Trap> {
        let (b, a) = (self.pop_text()?, self.pop_text()?);
        let (needle, hay) = (b.text()?, a.text()?);
        self.meter.charge(gas::per(needle.len() * hay.len(), 64))?;
        let found = match (&a, &b) {
            (Value::Str(hay), Value::Str(needle)) => hay
                .find(needle.as_ref())
                .map(|at| hay[..at].chars().count()),
            _ if needle.is_empty() => Some(0),
            _ => hay
                .windows(needle.len())
                .position(|window| window == needle),
        };
        Ok(Value::Int(found.map_or(-1, |at| at as i128)))
    }

    fn coerce(&mut self, from: TypeId, to: TypeId) -> Result<Value, Trap> {
        let types = &self.frame()?.module.module().types;
        let (target, fixed) = (types.known(to), types.known(from));
        let bound = match target {
            Type::List { max, .. } | Type::Map { max, .. } => *max as usize,
            _ => 0,
        };
        let to_text = matches!(target, Type::Str { .. } | Type::Bytes { .. });
        let to_hash = matches!(target, Type::Hash);
        let from_text = matches!(fixed, Type::Str { .. } | Type::Bytes { .. });
        if from_text && to_text {
            let text = self.pop_text()?;
            return self.make_text(to, text.text()?.to_vec());
        }
        if from_text {
            let bytes = self.pop_text()?;
            return fixed_value(bytes.text()?, to_hash);
        }
        match self.pop()? {
            Value::Id(id) if to_text => self.make_text(to, id.to_vec()),
            Value::Hash(hash) if to_text => self.make_text(to, hash.to_vec()),
            Value::Id(id) => Ok(Value::Id(id)),
            Value::List(list) if list.len() > bound => Err(Trap::Length),
            Value::Map(map) if map.len() > bound => Err(Trap::Length),
            same @ (Value::List(_) | Value::Map(_)) => Ok(same),
            _ => Err(Trap::Internal),
        }
    }

    pub(super) fn encoded(&self, ty: TypeId, value: &Value) -> Result<Vec<u8>, Trap> {
        let mut bytes = Vec::new();
        codec::encode(&self.frame()?.module.module().types, ty, value, &mut bytes)?;
        Ok(bytes)
    }

    fn hash(&mut self, from: TypeId) -> Result<Value, Trap> {
        let value = self.pop()?;
        let digest = match value.text() {
            Ok(text) => {
                self.meter.charge(gas::HASH + gas::per(text.len(), 8))?;
                blake3::hash(text)
            }
            Err(_) => {
                let bytes = self.encoded(from, &value)?;
                self.meter.charge(gas::HASH + gas::per(bytes.len(), 8))?;
                blake3::hash(&bytes)
            }
        };
        Ok(Value::Hash(Arc::new(digest.into())))
    }
}

/// Code points of a Str, bytes of a Bytes.
fn length(text: &Value) -> Result<usize, Trap> {
    match text {
        Value::Str(text) => Ok(text.chars().count()),
        other => Ok(other.text()?.len()),
    }
}

fn code_at(text: &Value, index: i128) -> Result<Value, Trap> {
    let at = position(index, length(text)?)?;
    let code = match text {
        Value::Str(text) => text.chars().nth(at).map(u32::from),
        other => other.text()?.get(at).map(|byte| u32::from(*byte)),
    };
    Ok(Value::Int(code.ok_or(Trap::Internal)?.into()))
}

fn fixed_value(bytes: &[u8], hash: bool) -> Result<Value, Trap> {
    if hash {
        let hash = bytes.try_into().map_err(|_| Trap::Domain)?;
        return Ok(Value::Hash(Arc::new(hash)));
    }
    bytes.try_into().map(Value::Id).map_err(|_| Trap::Domain)
}

/// `-?[0-9]+` and nothing else.
fn parse(to: Num, text: &[u8]) -> Result<Value, Trap> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Trap::Domain);
    }
    let magnitude = digits.iter().try_fold(0_u128, |sum, digit| {
        sum.checked_mul(10)?.checked_add(u128::from(digit - b'0'))
    });
    to.signed(negative, magnitude.ok_or(Trap::Overflow)?)
}

/// The hash as a big-endian number modulo `bound`, bit by bit: the rest and the
/// bound stay below 2^127, so that doubling never overflows.
fn below(hash: &[u8; 32], bound: i128) -> Result<i128, Trap> {
    let bound = u128::try_from(bound).map_err(|_| Trap::Domain)?;
    if bound == 0 {
        return Err(Trap::Domain);
    }
    let mut rest = 0_u128;
    for byte in hash {
        for bit in (0..8).rev() {
            rest = rest << 1 | u128::from(byte >> bit & 1);
            if rest >= bound {
                rest -= bound;
            }
        }
    }
    Ok(rest.cast_signed())
}
