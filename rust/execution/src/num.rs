//! Arithmetic on raw numbers: checked integers of ten kinds, Decimal mantissas,
//! and the exact share-out. Nothing here wraps; what does not fit traps.

use crate::fault::{self, Fault};
use crate::trap::Trap;
use crate::types::{IntKind, Type, TypeId, Types};
use crate::value::Value;
use crate::wide::{Rounding, Wide, quotient};

/// A number type, resolved by the verifier. Duration counts as I64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Num {
    /// An integer.
    Int(IntKind),
    /// A Decimal of so many digits and this scale.
    Dec(u8, u8),
}

/// Operations of two numbers of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    FloorDiv,
    Mod,
    Pow,
    And,
    Or,
    Xor,
    Shl,
    Shr,
}

/// Operations of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Unary {
    Neg,
    Abs,
    Invert,
}

impl Num {
    /// The number type behind a type index, if it is one.
    #[must_use]
    pub fn of(types: &Types, id: TypeId) -> Option<Self> {
        match types.get(id).ok()? {
            Type::Int(kind) => Some(Self::Int(*kind)),
            Type::Decimal { digits, scale } => Some(Self::Dec(*digits, *scale)),
            _ => None,
        }
    }

    /// Places after the point.
    #[must_use]
    pub fn scale(self) -> u32 {
        match self {
            Self::Int(_) => 0,
            Self::Dec(_, scale) => scale.into(),
        }
    }

    /// The raw number as a value of this type, or OVERFLOW.
    pub fn value(self, raw: i128) -> Result<Value, Trap> {
        let fits = match self {
            Self::Int(IntKind::U128) => {
                return u128::try_from(raw)
                    .map(Value::Uint)
                    .map_err(|_| Trap::Overflow);
            }
            Self::Int(kind) => {
                let (least, greatest) = kind.bounds().expect("only U128 has no bounds");
                let wide = kind == IntKind::I64 && fault::is(Fault::WideI64);
                least <= raw && raw <= greatest.saturating_add(i128::from(wide))
            }
            Self::Dec(digits, _) => raw.unsigned_abs() < 10_u128.pow(digits.into()),
        };
        if fits {
            Ok(Value::Int(raw))
        } else {
            Err(Trap::Overflow)
        }
    }

    /// As [`Num::value`], from sign and magnitude.
    pub fn signed(self, negative: bool, magnitude: u128) -> Result<Value, Trap> {
        if self == Self::Int(IntKind::U128) && (!negative || magnitude == 0) {
            return Ok(Value::Uint(magnitude));
        }
        self.value(join(negative, magnitude)?)
    }

    /// `a op b`.
    pub fn binary(self, op: Binary, a: Value, b: Value) -> Result<Value, Trap> {
        if self == Self::Int(IntKind::U128) {
            return unsigned(op, a.uint()?, b.uint()?).map(Value::Uint);
        }
        self.value(signed(op, a.int()?, b.int()?)?)
    }

    /// `op a`.
    pub fn unary(self, op: Unary, a: Value) -> Result<Value, Trap> {
        if self == Self::Int(IntKind::U128) {
            let raw = a.uint()?;
            return match op {
                Unary::Abs => Ok(Value::Uint(raw)),
                Unary::Neg if raw == 0 => Ok(Value::Uint(0)),
                Unary::Neg | Unary::Invert => Err(Trap::Overflow),
            };
        }
        let raw = a.int()?;
        let result = match op {
            Unary::Neg => raw.checked_neg(),
            Unary::Abs => raw.checked_abs(),
            Unary::Invert => Some(!raw),
        };
        self.value(result.ok_or(Trap::Overflow)?)
    }
}

fn signed(op: Binary, a: i128, b: i128) -> Result<i128, Trap> {
    let result = match op {
        Binary::Add => a.checked_add(b),
        Binary::Sub => a.checked_sub(b),
        Binary::Mul => a.checked_mul(b),
        Binary::FloorDiv => return floor_div(a, b),
        Binary::Mod => return floor_mod(a, b),
        Binary::Pow => return power(a, b),
        Binary::And => Some(a & b),
        Binary::Or => Some(a | b),
        Binary::Xor => Some(a ^ b),
        Binary::Shl => return shift_left(a, b),
        Binary::Shr => {
            let count = u32::try_from(non_negative(b)?.min(127)).expect("at most 127");
            let floored = a >> count;
            let lost = fault::is(Fault::ShrTruncates) && a < 0 && (floored << count) != a;
            Some(floored + i128::from(lost))
        }
    };
    result.ok_or(Trap::Overflow)
}

fn non_negative(count: i128) -> Result<i128, Trap> {
    if count < 0 {
        Err(Trap::Domain)
    } else {
        Ok(count)
    }
}

fn floor_div(a: i128, b: i128) -> Result<i128, Trap> {
    if b == 0 {
        return Err(Trap::DivideByZero);
    }
    let toward_zero = a.checked_div(b).ok_or(Trap::Overflow)?;
    let rest = a - toward_zero * b;
    let below = rest != 0 && (rest < 0) != (b < 0) && !fault::is(Fault::FloorTruncates);
    Ok(toward_zero - i128::from(below))
}

fn floor_mod(a: i128, b: i128) -> Result<i128, Trap> {
    match b {
        0 => Err(Trap::DivideByZero),
        -1 => Ok(0),
        _ => {
            let rest = a % b;
            Ok(if rest != 0 && (rest < 0) != (b < 0) {
                rest + b
            } else {
                rest
            })
        }
    }
}

fn power(base: i128, exponent: i128) -> Result<i128, Trap> {
    let exponent = non_negative(exponent)?;
    match (base, exponent) {
        (0, 0) if fault::is(Fault::ZeroPowZero) => Ok(0),
        (1, _) => Ok(1),
        (0, _) => Ok(i128::from(exponent == 0)),
        (-1, _) => Ok(if exponent % 2 == 0 { 1 } else { -1 }),
        _ => {
            let exponent = u32::try_from(exponent).map_err(|_| Trap::Overflow)?;
            base.checked_pow(exponent).ok_or(Trap::Overflow)
        }
    }
}

fn shift_left(a: i128, count: i128) -> Result<i128, Trap> {
    let count = non_negative(count)?;
    if a == 0 {
        return Ok(0);
    }
    let count = u32::try_from(count).map_err(|_| Trap::Overflow)?;
    let moved = a.checked_shl(count).ok_or(Trap::Overflow)?;
    if moved >> count == a {
        Ok(moved)
    } else {
        Err(Trap::Overflow)
    }
}

fn unsigned(op: Binary, a: u128, b: u128) -> Result<u128, Trap> {
    let result = match op {
        Binary::Add => a.checked_add(b),
        Binary::Sub => a.checked_sub(b),
        Binary::Mul => a.checked_mul(b),
        Binary::FloorDiv => return a.checked_div(b).ok_or(Trap::DivideByZero),
        Binary::Mod => return a.checked_rem(b).ok_or(Trap::DivideByZero),
        Binary::Pow if a <= 1 => Some(if b == 0 { 1 } else { a }),
        Binary::Pow => u32::try_from(b)
            .ok()
            .and_then(|exponent| a.checked_pow(exponent)),
        Binary::And => Some(a & b),
        Binary::Or => Some(a | b),
        Binary::Xor => Some(a ^ b),
        Binary::Shl if a == 0 => Some(0),
        Binary::Shl => u32::try_from(b)
            .ok()
            .filter(|count| *count <= a.leading_zeros())
            .and_then(|count| a.checked_shl(count)),
        Binary::Shr => Some(
            u32::try_from(b)
                .ok()
                .and_then(|count| a.checked_shr(count))
                .unwrap_or(0),
        ),
    };
    result.ok_or(Trap::Overflow)
}

fn join(negative: bool, magnitude: u128) -> Result<i128, Trap> {
    if negative && magnitude == i128::MIN.unsigned_abs() {
        return Ok(i128::MIN);
    }
    let positive = i128::try_from(magnitude).map_err(|_| Trap::Overflow)?;
    Ok(if negative { -positive } else { positive })
}

/// Sign and magnitude of a number.
pub fn split(value: &Value) -> Result<(bool, u128), Trap> {
    match value {
        Value::Int(raw) => Ok((*raw < 0, raw.unsigned_abs())),
        Value::Uint(raw) => Ok((false, *raw)),
        _ => Err(Trap::Internal),
    }
}

/// `a · b / c` as a number of type `to`, one rounding at the end. The scales
/// say how many places each raw number carries.
pub fn ratio(
    (a, a_type): (&Value, Num),
    (b, b_type): (&Value, Num),
    (c, c_type): (&Value, Num),
    to: Num,
    mode: Rounding,
) -> Result<Value, Trap> {
    let ((a_negative, a), (b_negative, b), (c_negative, c)) = (split(a)?, split(b)?, split(c)?);
    if c == 0 {
        return Err(Trap::DivideByZero);
    }
    let (up, down) = (to.scale() + c_type.scale(), a_type.scale() + b_type.scale());
    let numerator = Wide::product(a, b).scaled(up.saturating_sub(down));
    let divisor = Wide::from(c).scaled(down.saturating_sub(up));
    let negative = a_negative ^ b_negative ^ c_negative;
    let magnitude = quotient(negative, &numerator, &divisor, mode)?;
    to.signed(negative, magnitude)
}

/// The number one, as the neutral operand of [`ratio`].
pub const ONE: (&Value, Num) = (&Value::Int(1), Num::Int(IntKind::I128));

/// Who gets the units that are left over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Share {
    LargestRemainder,
    First,
    Last,
}

impl Share {
    /// All rules in wire order.
    pub const ALL: [Self; 3] = [Self::LargestRemainder, Self::First, Self::Last];
}

/// Shares `total` by weights into magnitudes that sum to it. DOMAIN when the
/// weights sum to zero, OVERFLOW when their sum leaves 128 bits.
pub fn allocate(total: u128, weights: &[u128], rule: Share) -> Result<Vec<u128>, Trap> {
    let sum = weights
        .iter()
        .try_fold(0_u128, |sum, weight| sum.checked_add(*weight));
    let sum = sum.ok_or(Trap::Overflow)?;
    if sum == 0 {
        return Err(Trap::Domain);
    }
    let mut parts = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for weight in weights {
        let exact = Wide::product(total, *weight);
        let part = quotient(false, &exact, &sum.into(), Rounding::Down)?;
        remainders.push(exact.minus_product(part, sum));
        parts.push(part);
    }
    let left = total - parts.iter().sum::<u128>();
    assert!(
        left < weights.len() as u128,
        "each part lost less than one unit"
    );
    give_rest(&mut parts, &remainders, weights, left, rule);
    assert_eq!(
        parts.iter().sum::<u128>(),
        total,
        "the parts sum to the total"
    );
    Ok(parts)
}

fn give_rest(parts: &mut [u128], remainders: &[u128], weights: &[u128], left: u128, rule: Share) {
    let holder = |found: Option<usize>| found.expect("the weights do not sum to zero");
    match rule {
        Share::First => parts[holder(weights.iter().position(|weight| *weight > 0))] += left,
        Share::Last => parts[holder(weights.iter().rposition(|weight| *weight > 0))] += left,
        Share::LargestRemainder => {
            let mut order: Vec<usize> = (0..parts.len()).collect();
            if fault::is(Fault::LastRemainderFirst) {
                order.reverse();
            }
            order.sort_by(|a, b| remainders[*b].cmp(&remainders[*a]));
            for index in order.into_iter().take(left as usize) {
                parts[index] += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests;
