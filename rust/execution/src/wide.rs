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

    fn limbs(&self) -> usize {
        self.0
            .iter()
            .rposition(|limb| *limb != 0)
            .map_or(0, |top| top + 1)
    }

    /// Quotient and rest. OVERFLOW when the quotient needs more than 128 bits.
    fn divided(&self, divisor: &Self) -> Result<(u128, Self), Trap> {
        if let (Some(n), Some(d)) = (self.small(), divisor.small()) {
            let quotient = n.checked_div(d).ok_or(Trap::DivideByZero)?;
            return Ok((quotient, (n % d).into()));
        }
        match divisor.limbs() {
            0 => Err(Trap::DivideByZero),
            1 => self.divided_by_limb(divisor.0[0]),
            limbs => self.divided_by_limbs(divisor, limbs),
        }
    }

    fn divided_by_limb(&self, divisor: u64) -> Result<(u128, Self), Trap> {
        let (mut quotient, mut rest) = (Quotient::default(), 0_u128);
        for (place, limb) in self.0.iter().enumerate().rev() {
            let part = (rest << 64) | u128::from(*limb);
            quotient.put(place, (part / u128::from(divisor)) as u64)?;
            rest = part % u128::from(divisor);
        }
        Ok((quotient.0, rest.into()))
    }

    /// Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D, in base 2^64.
    fn divided_by_limbs(&self, divisor: &Self, count: usize) -> Result<(u128, Self), Trap> {
        let shift = divisor.0[count - 1].leading_zeros();
        let v = divisor.shifted(shift).0;
        // One limb more than Wide has: the shift may push bits out of the top.
        let mut u = [0; LIMBS + 1];
        u[..LIMBS].copy_from_slice(&self.shifted(shift).0);
        u[LIMBS] = self.0[LIMBS - 1].checked_shr(64 - shift).unwrap_or(0);
        let mut quotient = Quotient::default();
        for place in (0..=LIMBS - count).rev() {
            let window = &mut u[place..=place + count];
            let digit = estimate(window, &v[..count]);
            quotient.put(place, subtract(window, &v[..count], digit))?;
        }
        let mut rest = Self([0; LIMBS]);
        for place in 0..count {
            let high = if place + 1 < count { u[place + 1] } else { 0 };
            rest.0[place] = (u[place] >> shift) | high.checked_shl(64 - shift).unwrap_or(0);
        }
        assert!(
            rest.compare(divisor) == Ordering::Less,
            "the rest is below the divisor"
        );
        Ok((quotient.0, rest))
    }
}

/// A quotient under construction, digit by digit in base 2^64.
#[derive(Default)]
struct Quotient(u128);

impl Quotient {
    fn put(&mut self, place: usize, digit: u64) -> Result<(), Trap> {
        match (place, digit) {
            (_, 0) => Ok(()),
            (0 | 1, _) => {
                self.0 |= u128::from(digit) << (64 * place);
                Ok(())
            }
            _ => Err(Trap::Overflow),
        }
    }
}

/// Step D3: a digit that is right or one too great.
fn estimate(window: &[u64], v: &[u64]) -> u64 {
    let count = v.len();
    let top = (u128::from(window[count]) << 64) | u128::from(window[count - 1]);
    let (first, second) = (u128::from(v[count - 1]), u128::from(v[count - 2]));
    let (mut digit, mut rest) = (top / first, top % first);
    while digit >> 64 != 0 || digit * second > ((rest << 64) | u128::from(window[count - 2])) {
        digit -= 1;
        rest += first;
        if rest >> 64 != 0 {
            break;
        }
    }
    u64::try_from(digit).expect("the top of the window is at most the divisor's")
}

/// Steps D4 to D6: takes `digit · v` off the window; gives the digit, less one
/// when it was too great.
fn subtract(window: &mut [u64], v: &[u64], digit: u64) -> u64 {
    let (mut carry, mut borrow) = (0_u128, false);
    for (to, limb) in window.iter_mut().zip(v.iter().chain(&[0])) {
        let product = u128::from(digit) * u128::from(*limb) + carry;
        carry = product >> 64;
        let (rest, under) = to.overflowing_sub(product as u64);
        let (rest, under_too) = rest.overflowing_sub(u64::from(borrow));
        *to = rest;
        borrow = under || under_too;
    }
    if !borrow {
        return digit;
    }
    let mut carry = false;
    for (to, limb) in window.iter_mut().zip(v.iter().chain(&[0])) {
        let (sum, over) = to.overflowing_add(*limb);
        let (sum, over_too) = sum.overflowing_add(u64::from(carry));
        *to = sum;
        carry = over || over_too;
    }
    digit - 1
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

#[cfg(test)]
mod tests;
