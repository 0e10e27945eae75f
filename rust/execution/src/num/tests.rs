//! Every integer operator on all pairs of 8-bit numbers, against definitions
//! written with plain small numbers; exact allocation against its law.

use proptest::prelude::*;

use super::*;

const OPERATORS: [Binary; 11] = [
    Binary::Add,
    Binary::Sub,
    Binary::Mul,
    Binary::FloorDiv,
    Binary::Mod,
    Binary::Pow,
    Binary::And,
    Binary::Or,
    Binary::Xor,
    Binary::Shl,
    Binary::Shr,
];

/// Greatest q with q·b on the near side of a: floored division by search.
fn floored(a: i64, b: i64) -> i64 {
    let fits = |q: i64| if b > 0 { q * b <= a } else { q * b >= a };
    (-300..=300)
        .rev()
        .find(|q| fits(*q))
        .expect("8-bit quotients are small")
}

/// Two's complement digit by digit, on 16 digits.
fn bitwise(a: i64, b: i64, digit: impl Fn(bool, bool) -> bool) -> i64 {
    let bit = |x: i64, at: u32| x.div_euclid(1 << at).rem_euclid(2) == 1;
    let sum: i64 = (0..15)
        .map(|at| i64::from(digit(bit(a, at), bit(b, at))) << at)
        .sum();
    sum - (i64::from(digit(a < 0, b < 0)) << 15)
}

/// What Python computes, before the type bounds it; `Err` where it raises.
fn reference(op: Binary, a: i64, b: i64) -> Result<i64, Trap> {
    let large = i64::from(i32::MAX);
    match op {
        Binary::Add => Ok(a + b),
        Binary::Sub => Ok(a - b),
        Binary::Mul => Ok(a * b),
        Binary::FloorDiv | Binary::Mod if b == 0 => Err(Trap::DivideByZero),
        Binary::FloorDiv => Ok(floored(a, b)),
        Binary::Mod => Ok(a - b * floored(a, b)),
        Binary::Pow | Binary::Shl | Binary::Shr if b < 0 => Err(Trap::Domain),
        Binary::Pow => {
            let step = |power: i64, _| {
                if power.abs() > large {
                    power
                } else {
                    power * a
                }
            };
            Ok((0..b).fold(1, step))
        }
        Binary::And => Ok(bitwise(a, b, |x, y| x && y)),
        Binary::Or => Ok(bitwise(a, b, |x, y| x || y)),
        Binary::Xor => Ok(bitwise(a, b, |x, y| x != y)),
        Binary::Shl => Ok((0..b).fold(a, |x, _| if x.abs() > large { x } else { x * 2 })),
        Binary::Shr => Ok((0..b).fold(a, |x, _| x.div_euclid(2))),
    }
}

fn bounded(kind: IntKind, raw: i64) -> Result<Value, Trap> {
    let (least, greatest) = kind.bounds().expect("8 bits");
    let wide = i128::from(raw);
    if least <= wide && wide <= greatest {
        Ok(Value::Int(wide))
    } else {
        Err(Trap::Overflow)
    }
}

#[test]
fn every_operator_is_exhaustively_right_at_8_bits() {
    for (kind, range) in [(IntKind::U8, 0..=255_i64), (IntKind::I8, -128..=127)] {
        for op in OPERATORS {
            for a in range.clone() {
                for b in range.clone() {
                    let (left, right) = (Value::Int(a.into()), Value::Int(b.into()));
                    let found = Num::Int(kind).binary(op, left, right);
                    let expected = reference(op, a, b).and_then(|raw| bounded(kind, raw));
                    assert_eq!(found, expected, "{a} {op:?} {b} as {kind:?}");
                }
            }
        }
        for a in range {
            for (op, raw) in [
                (Unary::Neg, -a),
                (Unary::Abs, a.abs()),
                (Unary::Invert, -a - 1),
            ] {
                let found = Num::Int(kind).unary(op, Value::Int(a.into()));
                assert_eq!(found, bounded(kind, raw), "{op:?} {a} as {kind:?}");
            }
        }
    }
}

/// U128 has code of its own; below 2^8 it must do what U64 does, bounds aside.
#[test]
fn the_widest_unsigned_agrees_with_a_narrower_one() {
    let (wide, narrow) = (Num::Int(IntKind::U128), Num::Int(IntKind::U64));
    for op in OPERATORS {
        for a in 0..=255_u64 {
            for b in 0..=70_u64 {
                let found = wide.binary(op, Value::Uint(a.into()), Value::Uint(b.into()));
                let expected = narrow.binary(op, Value::Int(a.into()), Value::Int(b.into()));
                match expected {
                    Ok(value) => assert_eq!(
                        found.map(|v| split(&v)),
                        Ok(split(&value)),
                        "{a} {op:?} {b}"
                    ),
                    // A power or shift that leaves 64 bits may fit in 128.
                    Err(Trap::Overflow)
                        if matches!(op, Binary::Pow | Binary::Shl | Binary::Mul) => {}
                    Err(trap) => assert_eq!(found, Err(trap), "{a} {op:?} {b}"),
                }
            }
        }
    }
}

/// At the edges of every kind nothing wraps.
#[test]
fn every_kind_traps_at_its_edges() {
    for kind in IntKind::ALL {
        let num = Num::Int(kind);
        let (least, greatest) = match kind.bounds() {
            Some((least, greatest)) => (Value::Int(least), Value::Int(greatest)),
            None => (Value::Uint(0), Value::Uint(u128::MAX)),
        };
        let one = num.signed(false, 1).expect("every kind holds one");
        let two = num.signed(false, 2).expect("every kind holds two");
        let over = Err(Trap::Overflow);
        assert_eq!(
            num.binary(Binary::Add, greatest.clone(), one.clone()),
            over,
            "{kind:?}"
        );
        assert_eq!(
            num.binary(Binary::Sub, least.clone(), one),
            over,
            "{kind:?}"
        );
        assert_eq!(
            num.binary(Binary::Mul, greatest.clone(), two),
            over,
            "{kind:?}"
        );
        if kind.signed() {
            let minus = Value::Int(-1);
            assert_eq!(num.unary(Unary::Neg, least.clone()), over, "{kind:?}");
            assert_eq!(num.unary(Unary::Abs, least.clone()), over, "{kind:?}");
            assert_eq!(
                num.binary(Binary::FloorDiv, least.clone(), minus.clone()),
                over,
                "{kind:?}"
            );
            assert_eq!(
                num.binary(Binary::Mod, least, minus),
                Ok(Value::Int(0)),
                "{kind:?}"
            );
        }
    }
}

#[test]
fn decimals_stop_at_their_digits() {
    let price = Num::Dec(4, 2);
    let add = |a, b| price.binary(Binary::Add, Value::Int(a), Value::Int(b));
    assert_eq!(add(9_998, 1), Ok(Value::Int(9_999)));
    assert_eq!(add(9_999, 1), Err(Trap::Overflow));
    assert_eq!(add(-9_999, -1), Err(Trap::Overflow));
    let greatest = Num::Dec(38, 0);
    let top = 10_i128.pow(38) - 1;
    assert_eq!(greatest.value(top), Ok(Value::Int(top)));
    assert_eq!(greatest.value(top + 1), Err(Trap::Overflow));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The parts sum to the total, none is further than one unit (largest
    /// remainder) from its exact share, and equal weights never differ by two.
    #[test]
    fn allocation_is_exact(
        total in any::<u128>(),
        weights in prop::collection::vec(0..1_u128 << 100, 1..20),
        small in 0..1_000_u128,
    ) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        for total in [total, small] {
            for rule in Share::ALL {
                let parts = allocate(total, &weights, rule).expect("weights are positive");
                prop_assert_eq!(parts.iter().sum::<u128>(), total);
                for (part, weight) in parts.iter().zip(&weights) {
                    prop_assert!(*weight > 0 || *part == 0, "nothing goes to weight zero");
                }
            }
            let parts = allocate(total, &weights, Share::LargestRemainder).expect("as above");
            let sum: u128 = weights.iter().sum();
            for (part, weight) in parts.iter().zip(&weights) {
                let exact = Wide::product(total, *weight);
                let down = quotient(false, &exact, &sum.into(), Rounding::Down).expect("a share");
                prop_assert!(*part == down || *part == down + 1);
            }
        }
    }
}
