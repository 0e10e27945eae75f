//! The short way through one frame: the most frequent instructions on numbers and
//! locals, with the place, the gas and the steps in registers. It does what
//! [`Machine::instruction`] does for them, tag checks included, and leaves
//! everything else to it; a watched run takes the long way throughout.

use super::Machine;
use crate::num::{Binary, Num};
use crate::op::{Op, Test};
use crate::trap::Trap;
use crate::types::IntKind;
use crate::value::Value;

impl Machine<'_> {
    /// Runs up to the next instruction that is not a short one, and gives it: begun
    /// and paid for its step, but not done.
    pub(super) fn straight(&mut self) -> Result<Op, Trap> {
        let frame = self.frames.last_mut().ok_or(Trap::Internal)?;
        let (ops, base, operands) = (frame.flat.ops.as_slice(), frame.base, frame.operands);
        let stack = &mut self.stack;
        let mut pc = frame.pc;
        let mut meter = self.meter.taken();
        let stopped = loop {
            let Some(&op) = ops.get(pc) else {
                break Err(Trap::Internal);
            };
            pc += 1;
            if let Err(trap) = meter.step() {
                break Err(trap);
            }
            let done = match op {
                Op::Get(index) => get(stack, base, operands, index),
                Op::Set(index) => set(stack, base, operands, index),
                Op::Int(small) => {
                    stack.push(Value::Int(small.into()));
                    Ok(true)
                }
                Op::Jump(target) => {
                    pc = target as usize;
                    Ok(true)
                }
                Op::JumpIf(target) | Op::JumpUnless(target) => match stack.pop() {
                    Some(Value::Bool(flag)) => {
                        if flag == matches!(op, Op::JumpIf(_)) {
                            pc = target as usize;
                        }
                        Ok(true)
                    }
                    _ => Err(Trap::Internal),
                },
                Op::Binary(Binary::Add, num) => add(stack, num, i128::checked_add),
                Op::Binary(Binary::Sub, num) => add(stack, num, i128::checked_sub),
                Op::Compare { test, paid: false } => Ok(compare(stack, test)),
                _ => Ok(false),
            };
            match done {
                Ok(true) => {}
                Ok(false) => break Ok(op),
                Err(trap) => break Err(trap),
            }
        };
        frame.pc = pc;
        self.meter.give_back(meter);
        stopped
    }
}

/// A local's place on the stack.
#[inline]
fn place(base: usize, operands: usize, index: u16) -> usize {
    let at = base + usize::from(index);
    assert!(at < operands, "the verifier knows every local");
    at
}

#[inline]
fn get(stack: &mut Vec<Value>, base: usize, operands: usize, index: u16) -> Result<bool, Trap> {
    let value = match stack.get(place(base, operands, index)) {
        Some(Value::Int(raw)) => Value::Int(*raw),
        Some(Value::Unset) => return Err(Trap::Unset),
        Some(other) => other.clone(),
        None => return Err(Trap::Internal),
    };
    stack.push(value);
    Ok(true)
}

#[inline]
fn set(stack: &mut Vec<Value>, base: usize, operands: usize, index: u16) -> Result<bool, Trap> {
    if stack.len() <= operands {
        return Err(Trap::Internal);
    }
    let value = stack.pop().ok_or(Trap::Internal)?;
    let local = stack.get_mut(place(base, operands, index));
    *local.ok_or(Trap::Internal)? = value;
    Ok(true)
}

/// A sum or difference of two numbers that are not U128; those go the long way.
#[inline]
fn add(
    stack: &mut Vec<Value>,
    num: Num,
    op: impl Fn(i128, i128) -> Option<i128>,
) -> Result<bool, Trap> {
    let [.., Value::Int(a), Value::Int(b)] = stack.as_mut_slice() else {
        return Ok(false);
    };
    let raw = op(*a, *b).ok_or(Trap::Overflow)?;
    if num != Num::Int(IntKind::I128) {
        num.value(raw)?;
    }
    *a = raw;
    stack.pop();
    Ok(true)
}

/// Compares two plain numbers; anything else goes the long way.
#[inline]
fn compare(stack: &mut Vec<Value>, test: Test) -> bool {
    let [.., Value::Int(a), Value::Int(b)] = stack.as_slice() else {
        return false;
    };
    let holds = match test {
        Test::Eq => a == b,
        Test::Ne => a != b,
        Test::Lt => a < b,
        Test::Le => a <= b,
        Test::Gt => a > b,
        Test::Ge => a >= b,
    };
    stack.pop();
    if let Some(top) = stack.last_mut() {
        *top = Value::Bool(holds);
    }
    true
}
