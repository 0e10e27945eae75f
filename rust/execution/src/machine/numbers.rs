//! Arithmetic, rounding, allocation, dates.

use std::sync::Arc;

use super::Machine;
use crate::calendar::{self, Civil, DAY_US};
use crate::fault::{self, Fault};
use crate::gas;
use crate::num::{self, Binary, Num, ONE, Share, ratio, split};
use crate::op::{Calendar, Op, Scaled};
use crate::trap::Trap;
use crate::types::{
    DATE, DATE_DAYS_MAX, DATE_DAYS_MIN, DURATION, IntKind, TIMESTAMP, Type, TypeId,
};
use crate::value::Value;
use crate::wide::Rounding;

/// The mode, wrong where that fault is planted.
fn planted(mode: Rounding) -> Rounding {
    match mode {
        Rounding::HalfEven if fault::is(Fault::HalfEvenIsHalfUp) => Rounding::HalfUp,
        mode => mode,
    }
}

impl Machine<'_> {
    /// What an operation costs beyond its step.
    pub(super) fn charge_binary(&mut self, op: Binary) -> Result<(), Trap> {
        match op {
            Binary::Mul | Binary::FloorDiv | Binary::Mod => self.meter.charge(gas::MULTIPLY),
            Binary::Pow => self.meter.charge(gas::POWER),
            _ => Ok(()),
        }
    }

    pub(super) fn numeric(&mut self, op: Op) -> Result<(), Trap> {
        match op {
            Op::Unary(op, num) => {
                let a = self.pop()?;
                self.push(num.unary(op, a)?);
            }
            Op::Scaled(op) => self.scaled(op)?,
            Op::Raw => {
                let raw = match self.pop()? {
                    Value::Uint(raw) => i128::try_from(raw).map_err(|_| Trap::Overflow)?,
                    other => other.int()?,
                };
                self.push(Value::Int(raw));
            }
            Op::FromRaw(to) => {
                let raw = self.pop_int()?;
                let value = self.checked_raw(to, raw)?;
                self.push(value);
            }
            Op::Allocate { total, rule, max } => self.allocate(total, rule, max)?,
            Op::Calendar(op) => self.calendar(op)?,
            _ => return Err(Trap::Internal),
        }
        Ok(())
    }

    fn num_of(&self, ty: TypeId) -> Result<Num, Trap> {
        Num::of(&self.frame()?.module.module().types, ty).ok_or(Trap::Internal)
    }

    fn checked_raw(&self, to: TypeId, raw: i128) -> Result<Value, Trap> {
        let types = &self.frame()?.module.module().types;
        match (Num::of(types, to), types.raw_bounds(to)) {
            (Some(num), _) => num.value(raw),
            (None, Some((least, greatest))) if least <= raw && raw <= greatest => {
                Ok(Value::Int(raw))
            }
            (None, Some(_)) if matches!(types.known(to), Type::Enum { .. }) => Err(Trap::Domain),
            (None, Some(_)) => Err(Trap::Overflow),
            (None, None) => Err(Trap::Internal),
        }
    }

    fn scaled(&mut self, op: Scaled) -> Result<(), Trap> {
        let price = if matches!(op, Scaled::MulDiv { .. }) {
            gas::MULDIV
        } else {
            gas::MULTIPLY
        };
        self.meter.charge(price)?;
        let value = match op {
            Scaled::Convert { a, to, mode } => {
                let (a, a_num) = (self.pop()?, self.num_of(a)?);
                ratio((&a, a_num), ONE, ONE, self.num_of(to)?, planted(mode))?
            }
            Scaled::Mul { a, b, to, mode } => {
                let mode = planted(mode);
                let (b, b_num) = (self.pop()?, self.num_of(b)?);
                let (a, a_num) = (self.pop()?, self.num_of(a)?);
                ratio((&a, a_num), (&b, b_num), ONE, self.num_of(to)?, mode)?
            }
            Scaled::Div { a, b, to, mode } => {
                let (b, b_num) = (self.pop()?, self.num_of(b)?);
                let (a, a_num) = (self.pop()?, self.num_of(a)?);
                ratio((&a, a_num), ONE, (&b, b_num), self.num_of(to)?, mode)?
            }
            Scaled::MulDiv { a, b, c, to, mode } => {
                let (c, c_num) = (self.pop()?, self.num_of(c)?);
                let (b, b_num) = (self.pop()?, self.num_of(b)?);
                let (a, a_num) = (self.pop()?, self.num_of(a)?);
                ratio(
                    (&a, a_num),
                    (&b, b_num),
                    (&c, c_num),
                    self.num_of(to)?,
                    mode,
                )?
            }
        };
        self.push(value);
        Ok(())
    }

    fn allocate(&mut self, total: Num, rule: Share, max: u32) -> Result<(), Trap> {
        let (weights, whole) = (self.pop()?.list()?, self.pop()?);
        self.meter
            .charge(gas::ALLOCATE * (1 + weights.len() as u64))?;
        self.meter.allocate(weights.len(), 0)?;
        if weights.len() > max as usize {
            return Err(Trap::Length);
        }
        let mut magnitudes = Vec::with_capacity(weights.len());
        for weight in weights.iter() {
            let (negative, magnitude) = split(weight)?;
            if negative {
                return Err(Trap::Domain);
            }
            magnitudes.push(magnitude);
        }
        let (negative, magnitude) = split(&whole)?;
        let parts = num::allocate(magnitude, &magnitudes, rule)?;
        let parts = parts.into_iter().map(|part| total.signed(negative, part));
        self.push(Value::List(Arc::new(parts.collect::<Result<_, _>>()?)));
        Ok(())
    }

    fn calendar(&mut self, op: Calendar) -> Result<(), Trap> {
        let date = matches!(
            op,
            Calendar::TimeAdd | Calendar::TimeSub | Calendar::TimeDiff
        );
        self.meter.charge(if date { 0 } else { gas::CALENDAR })?;
        let value = match op {
            Calendar::TimeAdd => self.time_moved(1)?,
            Calendar::TimeSub => self.time_moved(-1)?,
            Calendar::TimeDiff => {
                let (b, a) = (self.pop_int()?, self.pop_int()?);
                self.checked_raw(DURATION, a - b)?
            }
            Calendar::TimeDate => {
                let time = self.pop_int()?;
                self.checked_raw(DATE, time.div_euclid(DAY_US))?
            }
            Calendar::DateTime => {
                let days = self.pop_int()?;
                self.checked_raw(TIMESTAMP, days * DAY_US)?
            }
            Calendar::DateAdd => {
                let (b, a) = (self.pop_int()?, self.pop_date()?);
                self.checked_raw(DATE, a.checked_add(b).ok_or(Trap::Overflow)?)?
            }
            Calendar::DateDiff => {
                let (b, a) = (self.pop_date()?, self.pop_date()?);
                Value::Int(a - b)
            }
            Calendar::DateMake => {
                let (day, month, year) = (self.pop_int()?, self.pop_int()?, self.pop_int()?);
                Value::Int(calendar::days(Civil { year, month, day })?)
            }
            Calendar::DatePart(part) => Value::Int(calendar::part(self.pop_date()?, part)),
            Calendar::DateAddMonths => {
                let (months, days) = (self.pop_int()?, self.pop_date()?);
                Value::Int(calendar::add_months(days, months)?)
            }
            Calendar::DayFraction { count, to, mode } => {
                self.meter.charge(gas::DAY_FRACTION - gas::CALENDAR)?;
                let (end, start) = (self.pop_date()?, self.pop_date()?);
                let (years, parts) = count.fraction(start, end);
                let whole = Num::Int(IntKind::I128);
                let years = (&Value::Int(years), whole);
                let parts = (&Value::Int(parts), whole);
                ratio(years, ONE, parts, self.num_of(to)?, mode)?
            }
        };
        self.push(value);
        Ok(())
    }

    fn pop_date(&mut self) -> Result<i128, Trap> {
        let days = self.pop_int()?;
        let inside = (DATE_DAYS_MIN..=DATE_DAYS_MAX).contains(&days);
        if inside {
            Ok(days)
        } else {
            Err(Trap::Internal)
        }
    }

    fn time_moved(&mut self, sign: i128) -> Result<Value, Trap> {
        let (by, time) = (self.pop_int()?, self.pop_int()?);
        self.checked_raw(TIMESTAMP, time + sign * by)
    }
}
