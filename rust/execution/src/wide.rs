//! 512-bit naturals for products and quotients that must not lose a bit, and
//! the eight ways to round what is left.

use std::cmp::Ordering;

use crate::trap::Trap;

/// How a quotient becomes a number of fewer places. Wire value = position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Rounding {
    Exact,
    Down,
    Up,
    Floor,
    Ceiling,
    HalfUp,
    HalfDown,
    HalfEven,
}

impl Rounding {
    /// All modes in wire order.
    pub const ALL: [Self; 8] = [
        Self::Exact,
        Self::Down,
        Self::Up,
        Self::Floor,
        Self::Ceiling,
        Self::HalfUp,
        Self::HalfDown,
        Self::HalfEven,
    ];

    /// Whether the magnitude grows by one, given the sign, whether the quotient
    /// is odd, and how a non-zero rest compares with half the divisor.
    fn grows(self, negative: bool, odd: bool, rest: Ordering) -> Result<bool, Trap> {
        Ok(match self {
            Self::Exact => return Err(Trap::Inexact),
            Self::Down => false,
            Self::Up => true,
            Self::Floor => negative,
            Self::Ceiling => !negative,
            Self::HalfUp => rest != Ordering::Less,
            Self::HalfDown => rest == Ordering::Greater,
            Self::HalfEven => rest == Ordering::Greater || (rest == Ordering::Equal && odd),
        })
    }
}

const LIMBS: usize = 8;

/// A natural number below 2^512, least limb first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wide([u64; LIMBS]);

impl From<u128> for Wide {
    fn from(value: u128) -> Self {
        let mut limbs = [0; LIMBS];
        limbs[0] = value as u64;
        limbs[1] = (value >> 64) as u64;
        Self(limbs)
    }
}

impl Wide {
    /// The product of two 128-bit naturals.
    #[must_use]
    pub fn product(a: u128, b: u128) -> Self {
        match a.checked_mul(b) {
            Some(small) => small.into(),
            None => {
                let low = Self::from(a).times(b as u64);
                let high = Self::from(a).times((b >> 64) as u64);
                low.plus(&high.shifted_one())
            }
        }
    }

    /// `self · 10^places`; the callers keep it below 2^512.
    #[must_use]
    pub fn scaled(mut self, mut places: u32) -> Self {
        while places > 0 {
            let now = places.min(19);
            self = self.times(10_u64.pow(now));
            places -= now;
        }
        self
    }

    /// What is left of `self` after `part · divisor`, which is below `divisor`.
    #[must_use]
    pub fn minus_product(&self, part: u128, divisor: u128) -> u128 {
        let rest = self.minus(&Self::product(part, divisor)).small();
        let rest = rest.expect("a rest is below its divisor");
        assert!(rest < divisor, "part is the quotient toward zero");
        rest
    }

    fn times(&self, factor: u64) -> Self {
        let mut out = [0; LIMBS];
        let mut carry = 0_u128;
        for (to, from) in out.iter_mut().zip(self.0) {
            let sum = u128::from(from) * u128::from(factor) + carry;
            *to = sum as u64;
            carry = sum >> 64;
        }
        assert_eq!(
            carry, 0,
            "operands are bounded so that 512 bits hold every product"
        );
        Self(out)
    }

    fn plus(&self, other: &Self) -> Self {
        let mut out = [0; LIMBS];
        let mut carry = false;
        for (index, to) in out.iter_mut().enumerate() {
            let (sum, over) = self.0[index].overflowing_add(other.0[index]);
            let (sum, over_too) = sum.overflowing_add(u64::from(carry));
            *to = sum;
            carry = over || over_too;
        }
        assert!(
            !carry,
            "operands are bounded so that 512 bits hold every sum"
        );
        Self(out)
    }

    fn shifted_one(&self) -> Self {
        let mut out = [0; LIMBS];
        out[1..].copy_from_slice(&self.0[..LIMBS - 1]);
        Self(out)
    }

    fn small(&self) -> Option<u128> {
        let high_is_zero = self.0[2..].iter().all(|limb| *limb == 0);
        high_is_zero.then(|| u128::from(self.0[0]) | (u128::from(self.0[1]) << 64))
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }

    fn minus(&self, other: &Self) -> Self {
        let mut out = [0; LIMBS];
        let mut borrow = false;
        for (index, to) in out.iter_mut().enumerate() {
            let (rest, under) = self.0[index].overflowing_sub(other.0[index]);
            let (rest, under_too) = rest.overflowing_sub(u64::from(borrow));
            *to = rest;
            borrow = under || under_too;
        }
        assert!(!borrow, "the smaller is taken from the greater");
        Self(out)
    }

    fn bits(&self) -> u32 {
        let top = self.0.iter().rposition(|limb| *limb != 0);
        top.map_or(0, |limb| {
            limb as u32 * 64 + 64 - self.0[limb].leading_zeros()
        })
    }

    fn shifted(&self, bits: u32) -> Self {
        let (limbs, rest) = ((bits / 64) as usize, bits % 64);
        let mut out = [0; LIMBS];
        for index in (limbs..LIMBS).rev() {
            let from = index - limbs;
            out[index] = self.0[from] << rest;
            if rest > 0 && from > 0 {
                out[index] |= self.0[from - 1] >> (64 - rest);
            }
        }
        Self(out)
    }

    /// Quotient and rest. OVERFLOW when the quotient needs more than 128 bits.
    fn divided(&self, divisor: &Self) -> Result<(u128, Self), Trap> {
        if let (Some(n), Some(d)) = (self.small(), divisor.small()) {
            let quotient = n.checked_div(d).ok_or(Trap::DivideByZero)?;
            return Ok((quotient, (n % d).into()));
        }
        let width = divisor.bits();
        if width == 0 {
            return Err(Trap::DivideByZero);
        }
        let places = (self.bits() + 1).saturating_sub(width);
        if places > 129 {
            return Err(Trap::Overflow);
        }
        self.divided_by_subtraction(divisor, places)
    }

    /// Schoolbook, bit by bit; at most 129 rounds.
    fn divided_by_subtraction(&self, divisor: &Self, places: u32) -> Result<(u128, Self), Trap> {
        let (mut quotient, mut rest) = (0_u128, *self);
        for place in (0..places).rev() {
            let part = divisor.shifted(place);
            if rest.compare(&part) != Ordering::Less {
                rest = rest.minus(&part);
                quotient |= 1_u128.checked_shl(place).ok_or(Trap::Overflow)?;
            }
        }
        assert!(
            rest.compare(divisor) == Ordering::Less,
            "the rest is below the divisor"
        );
        Ok((quotient, rest))
    }
}

/// The magnitude of `±numerator / divisor`, rounded. Callers keep both below
/// 2^511, so that twice the rest still fits.
pub fn quotient(
    negative: bool,
    numerator: &Wide,
    divisor: &Wide,
    mode: Rounding,
) -> Result<u128, Trap> {
    let (quotient, rest) = numerator.divided(divisor)?;
    if rest.bits() == 0 {
        return Ok(quotient);
    }
    let against_half = rest.times(2).compare(divisor);
    let grows = mode.grows(negative, quotient & 1 == 1, against_half)?;
    quotient
        .checked_add(u128::from(grows))
        .ok_or(Trap::Overflow)
}
