//! Algorithm D against subtraction bit by bit, rounding against its definition.

use proptest::prelude::*;

use super::*;

/// The dumb way: 512 rounds of shift and subtract.
fn divided_by_bits(n: &Wide, d: &Wide) -> (Wide, Wide) {
    let (mut quotient, mut rest) = (Wide::from(0), Wide::from(0));
    for bit in (0..512).rev() {
        let set = n.0[bit / 64] >> (bit % 64) & 1;
        rest = rest.shifted(1).plus(&Wide::from(u128::from(set)));
        if rest.compare(d) != Ordering::Less {
            rest = rest.minus(d);
            quotient.0[bit / 64] |= 1 << (bit % 64);
        }
    }
    (quotient, rest)
}

/// Limbs at the edges, where estimates go wrong.
fn limb() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(u64::MAX),
        Just(1 << 63),
        Just((1 << 63) - 1),
        any::<u64>()
    ]
}

fn wide(limbs: usize) -> impl Strategy<Value = Wide> {
    prop::collection::vec(limb(), limbs).prop_map(|limbs| {
        let mut all = [0; LIMBS];
        all[..limbs.len()].copy_from_slice(&limbs);
        Wide(all)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn division_equals_subtraction_bit_by_bit(
        (n, d) in (1..=7_usize, 1..=6_usize).prop_flat_map(|(n, d)| (wide(n), wide(d)))
    ) {
        if d.bits() == 0 {
            prop_assert_eq!(n.divided(&d), Err(Trap::DivideByZero));
            return Ok(());
        }
        let (quotient, rest) = divided_by_bits(&n, &d);
        match quotient.small() {
            Some(small) => prop_assert_eq!(n.divided(&d), Ok((small, rest))),
            None => prop_assert_eq!(n.divided(&d), Err(Trap::Overflow)),
        }
    }

    /// Quotients that fit, whose rest is known: n = q·d + r.
    #[test]
    fn division_undoes_multiplication(q in any::<u128>(), d in any::<u128>(), r in any::<u128>()) {
        let d = d.max(1);
        let rest = r % d;
        let n = Wide::product(q, d).plus(&rest.into());
        prop_assert_eq!(n.divided(&d.into()), Ok((q, rest.into())));
    }
}

/// The rounded quotient by definition: of the two neighbours, the one the mode
/// names.
fn rounded(n: i128, d: i128, mode: Rounding) -> Result<i128, Trap> {
    let below = (-1_000..=1_000)
        .rev()
        .find(|q| q * d <= n)
        .expect("small numbers");
    let (above, rest) = (below + 1, n - below * d);
    if rest == 0 {
        return Ok(below);
    }
    let (inner, outer) = if n < 0 {
        (above, below)
    } else {
        (below, above)
    };
    let nearer = match (2 * rest).cmp(&d) {
        Ordering::Less => Some(below),
        Ordering::Greater => Some(above),
        Ordering::Equal => None,
    };
    match mode {
        Rounding::Exact => Err(Trap::Inexact),
        Rounding::Down => Ok(inner),
        Rounding::Up => Ok(outer),
        Rounding::Floor => Ok(below),
        Rounding::Ceiling => Ok(above),
        Rounding::HalfUp => Ok(nearer.unwrap_or(outer)),
        Rounding::HalfDown => Ok(nearer.unwrap_or(inner)),
        Rounding::HalfEven => Ok(nearer.unwrap_or(if below % 2 == 0 { below } else { above })),
    }
}

#[test]
fn every_mode_rounds_as_defined() {
    for mode in Rounding::ALL {
        for n in -60_i128..=60 {
            for d in 1_i128..=13 {
                let found = quotient(
                    n < 0,
                    &n.unsigned_abs().into(),
                    &d.unsigned_abs().into(),
                    mode,
                );
                let signed = found.map(|q| if n < 0 { -(q as i128) } else { q as i128 });
                assert_eq!(signed, rounded(n, d, mode), "{n}/{d} {mode:?}");
            }
        }
    }
}

#[test]
fn rounding_past_the_greatest_overflows() {
    let n = Wide::product(u128::MAX, 2).plus(&1_u128.into());
    assert_eq!(
        quotient(false, &n, &2_u128.into(), Rounding::Down),
        Ok(u128::MAX)
    );
    assert_eq!(
        quotient(false, &n, &2_u128.into(), Rounding::Up),
        Err(Trap::Overflow)
    );
}
