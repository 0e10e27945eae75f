//! Comparison, arithmetic, rounding, dates.

use super::check::{Broken, Checked, Checker, must, unknown};
use crate::calendar::DayCount;
use crate::num::{Binary, Num, Share, Unary};
use crate::op::{Calendar, Op, Scaled, Test};
use crate::types::{BOOL, DATE, DURATION, INT, IntKind, TIMESTAMP, Type, TypeId};
use crate::wide::Rounding;

impl Checker<'_> {
    pub(super) fn comparison(&mut self, opcode: u8) -> Checked {
        match opcode {
            0x20..=0x25 => {
                let ty = self.type_id()?;
                must(
                    opcode <= 0x21 || self.module.types.is_ordered(ty),
                    "type without order",
                )?;
                let all = [Test::Eq, Test::Ne, Test::Lt, Test::Le, Test::Gt, Test::Ge];
                let test = all[usize::from(opcode - 0x20)];
                let op = Op::Compare {
                    test,
                    paid: self.is_paid(ty)?,
                };
                self.apply(op, &[ty, ty], &[BOOL])
            }
            0x26 => self.apply(Op::Not, &[BOOL], &[BOOL]),
            0x27 | 0x28 => {
                let ty = self.type_id()?;
                must(self.module.types.is_ordered(ty), "type without order")?;
                let op = Op::Pick {
                    max: opcode == 0x28,
                    paid: self.is_paid(ty)?,
                };
                self.apply(op, &[ty, ty], &[ty])
            }
            0x29 => self.apply(Op::And, &[BOOL, BOOL], &[BOOL]),
            0x2A => self.apply(Op::Or, &[BOOL, BOOL], &[BOOL]),
            _ => unknown(),
        }
    }

    /// Whether comparing costs by content.
    fn is_paid(&self, ty: TypeId) -> Checked<bool> {
        let text = matches!(self.find_type(ty)?, Type::Str { .. } | Type::Bytes { .. });
        Ok(text || !self.module.types.is_key(ty))
    }

    pub(super) fn number(&mut self, opcode: u8) -> Checked {
        match opcode {
            0x30..=0x34 | 0x37..=0x3A | 0x3C | 0x3D => self.binary(opcode),
            0x35 => self.unary(Unary::Neg),
            0x36 => self.unary(Unary::Abs),
            0x3B => self.unary(Unary::Invert),
            0x40 => {
                let (a, _) = self.number_type()?;
                let (to, mode) = self.rounded()?;
                self.apply(Op::Scaled(Scaled::Convert { a, to, mode }), &[a], &[to])
            }
            0x41 | 0x42 => {
                let ((a, _), (b, _)) = (self.number_type()?, self.number_type()?);
                let (to, mode) = self.rounded()?;
                let op = match opcode {
                    0x41 => Scaled::Mul { a, b, to, mode },
                    _ => Scaled::Div { a, b, to, mode },
                };
                self.apply(Op::Scaled(op), &[a, b], &[to])
            }
            0x43 => {
                let ((a, _), (b, _)) = (self.number_type()?, self.number_type()?);
                let (c, _) = self.number_type()?;
                let (to, mode) = self.rounded()?;
                self.apply(
                    Op::Scaled(Scaled::MulDiv { a, b, c, to, mode }),
                    &[a, b, c],
                    &[to],
                )
            }
            0x44 => {
                let ty = self.raw_type()?;
                self.apply(Op::Raw, &[ty], &[INT])
            }
            0x45 => {
                let ty = self.raw_type()?;
                self.apply(Op::FromRaw(ty), &[INT], &[ty])
            }
            0x46 => self.allocate(),
            _ => unknown(),
        }
    }

    /// A type index of an integer or Decimal.
    pub(super) fn number_type(&mut self) -> Checked<(TypeId, Num)> {
        let ty = self.type_id()?;
        let num = Num::of(&self.module.types, ty).ok_or(Broken::Rule("not a number type"))?;
        Ok((ty, num))
    }

    /// A type index of an integer.
    pub(super) fn integer_type(&mut self) -> Checked<(TypeId, Num)> {
        let (ty, num) = self.number_type()?;
        must(matches!(num, Num::Int(_)), "not an integer type")?;
        Ok((ty, num))
    }

    fn raw_type(&mut self) -> Checked<TypeId> {
        let ty = self.type_id()?;
        let raw = self.module.types.raw_bounds(ty).is_some();
        must(
            raw || matches!(self.find_type(ty)?, Type::Int(_)),
            "not a raw type",
        )?;
        Ok(ty)
    }

    /// Integers, Decimals and Duration can be added.
    fn addable_type(&mut self) -> Checked<(TypeId, Num)> {
        let ty = self.type_id()?;
        if ty == DURATION {
            return Ok((ty, Num::Int(IntKind::I64)));
        }
        let num = Num::of(&self.module.types, ty).ok_or(Broken::Rule("not a number type"))?;
        Ok((ty, num))
    }

    fn binary(&mut self, opcode: u8) -> Checked {
        let op = match opcode {
            0x30 => Binary::Add,
            0x31 => Binary::Sub,
            0x32 => Binary::Mul,
            0x33 => Binary::FloorDiv,
            0x34 => Binary::Mod,
            0x37 => Binary::Pow,
            0x38 => Binary::And,
            0x39 => Binary::Or,
            0x3A => Binary::Xor,
            0x3C => Binary::Shl,
            _ => Binary::Shr,
        };
        let (ty, num) = match op {
            Binary::Add | Binary::Sub => self.addable_type()?,
            _ => self.integer_type()?,
        };
        self.apply(Op::Binary(op, num), &[ty, ty], &[ty])
    }

    fn unary(&mut self, op: Unary) -> Checked {
        let (ty, num) = match op {
            Unary::Invert => self.integer_type()?,
            _ => self.addable_type()?,
        };
        self.apply(Op::Unary(op, num), &[ty], &[ty])
    }

    fn rounded(&mut self) -> Checked<(TypeId, Rounding)> {
        let (to, _) = self.number_type()?;
        let mode = usize::from(self.reader.u8()?);
        let mode = Rounding::ALL
            .get(mode)
            .ok_or(Broken::Rule("no such rounding mode"))?;
        Ok((to, *mode))
    }

    fn allocate(&mut self) -> Checked {
        let (total_type, total) = self.number_type()?;
        let (weights, result) = (self.type_id()?, self.type_id()?);
        let rule = usize::from(self.reader.u8()?);
        let rule = *Share::ALL
            .get(rule)
            .ok_or(Broken::Rule("no such allocation rule"))?;
        let Type::List {
            element: weight, ..
        } = *self.find_type(weights)?
        else {
            return Err(Broken::Rule("weights are a list"));
        };
        must(
            Num::of(&self.module.types, weight).is_some(),
            "weights are numbers",
        )?;
        let Type::List { element, max } = *self.find_type(result)? else {
            return Err(Broken::Rule("parts are a list"));
        };
        must(element == total_type, "parts have the total's type")?;
        self.apply(
            Op::Allocate { total, rule, max },
            &[total_type, weights],
            &[result],
        )
    }

    fn day_fraction(&mut self) -> Checked {
        let count = usize::from(self.reader.u8()?);
        let count = *DayCount::ALL
            .get(count)
            .ok_or(Broken::Rule("no such day count"))?;
        let (to, mode) = self.rounded()?;
        let decimal = matches!(self.find_type(to)?, Type::Decimal { .. });
        must(decimal, "a day-count fraction is a Decimal")?;
        let op = Calendar::DayFraction { count, to, mode };
        self.apply(Op::Calendar(op), &[DATE, DATE], &[to])
    }

    pub(super) fn calendar(&mut self, opcode: u8) -> Checked {
        let (op, operands, result): (_, &[TypeId], _) = match opcode {
            0x50 => (Calendar::TimeAdd, &[TIMESTAMP, DURATION], TIMESTAMP),
            0x51 => (Calendar::TimeSub, &[TIMESTAMP, DURATION], TIMESTAMP),
            0x52 => (Calendar::TimeDiff, &[TIMESTAMP, TIMESTAMP], DURATION),
            0x53 => (Calendar::TimeDate, &[TIMESTAMP], DATE),
            0x54 => (Calendar::DateTime, &[DATE], TIMESTAMP),
            0x55 => (Calendar::DateAdd, &[DATE, INT], DATE),
            0x56 => (Calendar::DateDiff, &[DATE, DATE], INT),
            0x57 => (Calendar::DateMake, &[INT, INT, INT], DATE),
            0x58 => {
                let part = self.reader.u8()?;
                must(part <= 5, "no such part of a date")?;
                (Calendar::DatePart(part), &[DATE], INT)
            }
            0x59 => (Calendar::DateAddMonths, &[DATE, INT], DATE),
            0x5A => return self.day_fraction(),
            _ => return unknown(),
        };
        self.apply(Op::Calendar(op), operands, &[result])
    }
}
