//! The checker's state: the stack of types, the open blocks, the code written so
//! far, and the families of instructions by opcode.

use crate::limits::{NESTING_MAX, STACK_MAX};
use crate::module::{FunctionDecl, Module};
use crate::op::Op;
use crate::reader::{Malformed, Reader};
use crate::types::{BOOL, NO_TYPE, Type, TypeId};
use crate::value::Value;
use crate::verify::{Flat, VerifyError};

/// A broken rule; the place is added by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    Rule(&'static str),
    Meter,
}

impl From<Malformed> for Broken {
    fn from(_: Malformed) -> Self {
        Self::Rule("code ends inside an instruction")
    }
}

pub(super) type Checked<T = ()> = Result<T, Broken>;

/// A rule, or that it is broken.
pub(super) fn must(holds: bool, rule: &'static str) -> Checked {
    if holds {
        Ok(())
    } else {
        Err(Broken::Rule(rule))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Function,
    Block,
    Loop,
    If,
    Else,
    Attempt,
}

/// An open block.
pub(super) struct Block {
    pub shape: Shape,
    pub result: TypeId,
    /// Operands below the block.
    pub height: usize,
    /// First instruction: where a loop continues.
    pub start: usize,
    /// Jumps to its end that wait for the address.
    pub to_end: Vec<usize>,
    /// The conditional jump of an `if`, until its `else` or `end`.
    pub to_else: Option<usize>,
}

pub(super) struct Checker<'m> {
    pub module: &'m Module,
    pub function: &'m FunctionDecl,
    index: u16,
    pub reader: Reader<'m>,
    pub locals: Vec<TypeId>,
    pub stack: Vec<TypeId>,
    pub blocks: Vec<Block>,
    /// Which of the open blocks are savepoints.
    pub attempts: Vec<usize>,
    pub ops: Vec<Op>,
    pcs: Vec<u32>,
    pc: u32,
    pub constants: &'m mut Vec<Value>,
    /// After an unconditional transfer: only `else` or `end` may follow.
    pub dead: bool,
    operands_max: usize,
    units: u64,
    budget: u64,
}

impl<'m> Checker<'m> {
    pub fn new(
        module: &'m Module,
        index: usize,
        constants: &'m mut Vec<Value>,
        budget: u64,
    ) -> Self {
        let function = &module.functions[index];
        Self {
            module,
            function,
            index: u16::try_from(index).expect("functions are bounded"),
            reader: Reader::new(&function.code),
            locals: function
                .params
                .iter()
                .chain(&function.locals)
                .copied()
                .collect(),
            stack: Vec::new(),
            blocks: Vec::new(),
            attempts: Vec::new(),
            ops: Vec::new(),
            pcs: Vec::new(),
            pc: 0,
            constants,
            dead: false,
            operands_max: 0,
            units: 0,
            budget,
        }
    }

    /// Checks the whole function; gives its code and what the check cost.
    pub fn run(mut self) -> Result<(Flat, u64), VerifyError> {
        let outcome = self.body();
        match outcome {
            Ok(()) => Ok((self.flat(), self.units)),
            Err(Broken::Meter) => Err(VerifyError::Meter),
            Err(Broken::Rule(rule)) => Err(VerifyError::Code {
                function: self.index,
                pc: self.pc,
                rule,
            }),
        }
    }

    fn flat(&mut self) -> Flat {
        assert_eq!(
            self.ops.len(),
            self.pcs.len(),
            "every instruction knows where it came from"
        );
        let narrow = |count: usize| u16::try_from(count).expect("bounded by LOCALS and STACK");
        Flat {
            ops: std::mem::take(&mut self.ops),
            pcs: std::mem::take(&mut self.pcs),
            params: narrow(self.function.params.len()),
            locals: narrow(self.function.locals.len()),
            operands_max: narrow(self.operands_max),
        }
    }

    fn body(&mut self) -> Checked {
        self.open(Shape::Function, self.function.result)?;
        while !self.blocks.is_empty() {
            self.pc = self.reader.offset() as u32;
            self.pay(1)?;
            let opcode = self.reader.u8()?;
            must(
                !self.dead || matches!(opcode, 0x05 | 0x06),
                "code that is never reached",
            )?;
            self.instruction(opcode)?;
        }
        must(
            self.reader.remaining() == 0,
            "bytes after the function's end",
        )
    }

    fn instruction(&mut self, opcode: u8) -> Checked {
        match opcode {
            0x00..=0x0F => self.control(opcode),
            0x10..=0x1F => self.movement(opcode),
            0x20..=0x2F => self.comparison(opcode),
            0x30..=0x4F => self.number(opcode),
            0x50..=0x5F => self.calendar(opcode),
            0x60..=0x6F => self.text(opcode),
            0x70..=0x7F => self.record(opcode),
            0x80..=0x8F => self.list(opcode),
            0x90..=0x9F => self.map(opcode),
            0xA0..=0xAF => self.context(opcode),
            0xB0..=0xC7 => self.state(opcode),
            _ => unknown(),
        }
    }

    pub fn pay(&mut self, units: u64) -> Checked {
        self.units += units;
        if self.units > self.budget {
            Err(Broken::Meter)
        } else {
            Ok(())
        }
    }

    pub fn emit(&mut self, op: Op) {
        self.ops.push(op);
        self.pcs.push(self.pc);
    }

    pub fn open(&mut self, shape: Shape, result: TypeId) -> Checked {
        must(self.blocks.len() < NESTING_MAX, "blocks nest too deep")?;
        let (height, start) = (self.stack.len(), self.ops.len());
        self.blocks.push(Block {
            shape,
            result,
            height,
            start,
            to_end: Vec::new(),
            to_else: None,
        });
        Ok(())
    }

    pub fn push(&mut self, ty: TypeId) -> Checked {
        self.pay(1)?;
        must(self.stack.len() < STACK_MAX, "operand stack too high")?;
        self.stack.push(ty);
        self.operands_max = self.operands_max.max(self.stack.len());
        Ok(())
    }

    pub fn pop_any(&mut self) -> Checked<TypeId> {
        self.pay(1)?;
        let floor = self.blocks.last().map_or(0, |block| block.height);
        must(self.stack.len() > floor, "operand missing")?;
        Ok(self
            .stack
            .pop()
            .expect("the stack is higher than its floor"))
    }

    pub fn pop(&mut self, expected: TypeId) -> Checked {
        let found = self.pop_any()?;
        must(found == expected, "operand of another type")
    }

    /// Pops in reverse: the first of `types` was pushed first.
    pub fn pop_all(&mut self, types: &[TypeId]) -> Checked {
        types.iter().rev().try_for_each(|ty| self.pop(*ty))
    }

    /// Takes operands, gives a result, writes the instruction.
    pub fn apply(&mut self, op: Op, operands: &[TypeId], results: &[TypeId]) -> Checked {
        self.pop_all(operands)?;
        results.iter().try_for_each(|ty| self.push(*ty))?;
        self.emit(op);
        Ok(())
    }

    pub fn find_type(&self, id: TypeId) -> Checked<&'m Type> {
        self.module
            .types
            .get(id)
            .map_err(|_| Broken::Rule("no such type"))
    }

    /// A type index that exists.
    pub fn type_id(&mut self) -> Checked<TypeId> {
        let id = self.reader.u16()?;
        self.find_type(id)?;
        Ok(id)
    }

    /// A block's or function's result index: a type, or none.
    pub fn result_id(&mut self) -> Checked<TypeId> {
        let id = self.reader.u16()?;
        if id != NO_TYPE {
            self.find_type(id)?;
        }
        Ok(id)
    }

    fn local(&mut self) -> Checked<(u16, TypeId)> {
        let index = self.reader.u16()?;
        let ty = self.locals.get(index as usize).copied();
        Ok((index, ty.ok_or(Broken::Rule("no such local"))?))
    }

    fn movement(&mut self, opcode: u8) -> Checked {
        match opcode {
            0x10 => {
                self.pop_any()?;
                self.emit(Op::Drop);
                Ok(())
            }
            0x11 => {
                let ty = self.pop_any()?;
                self.apply(Op::Dup, &[], &[ty, ty])
            }
            0x12 => {
                let (top, below) = (self.pop_any()?, self.pop_any()?);
                self.apply(Op::Swap, &[], &[top, below])
            }
            0x13..=0x16 => self.local_access(opcode),
            0x18 => {
                let flag = self.reader.u8()?;
                must(flag <= 1, "a Bool is 0 or 1")?;
                self.apply(Op::Bool(flag == 1), &[], &[BOOL])
            }
            0x19 => self.push_int(),
            0x1A => {
                let index = self.reader.u16()?;
                let declared = self.module.constants.get(index as usize);
                let (ty, _) = declared.ok_or(Broken::Rule("no such constant"))?;
                self.apply(Op::Const(index.into()), &[], &[*ty])
            }
            _ => unknown(),
        }
    }

    fn local_access(&mut self, opcode: u8) -> Checked {
        let (index, ty) = self.local()?;
        match opcode {
            0x13 => self.apply(Op::Get(index), &[], &[ty]),
            0x14 => self.apply(Op::Set(index), &[ty], &[]),
            0x15 => self.apply(Op::Tee(index), &[ty], &[ty]),
            _ => self.apply(Op::Take(index), &[], &[ty]),
        }
    }

    fn push_int(&mut self) -> Checked {
        let (ty, raw) = (self.type_id()?, self.reader.i64()?);
        let unsigned = matches!(self.find_type(ty)?, Type::Int(kind) if kind.bounds().is_none());
        if unsigned {
            let raw = u128::try_from(raw).map_err(|_| Broken::Rule("number outside its type"))?;
            return self.push_constant(Value::Uint(raw), ty);
        }
        let bounds = self.module.types.raw_bounds(ty);
        let (least, greatest) = bounds.ok_or(Broken::Rule("not a raw type"))?;
        let wide = i128::from(raw);
        must(least <= wide && wide <= greatest, "number outside its type")?;
        match i32::try_from(raw) {
            Ok(small) => self.apply(Op::Int(small), &[], &[ty]),
            Err(_) => self.push_constant(Value::Int(wide), ty),
        }
    }

    fn push_constant(&mut self, value: Value, ty: TypeId) -> Checked {
        let index = u32::try_from(self.constants.len()).expect("bounded by the artefact's size");
        self.constants.push(value);
        self.apply(Op::Const(index), &[], &[ty])
    }
}

/// An opcode this version does not have.
pub(super) fn unknown<T>() -> Checked<T> {
    Err(Broken::Rule("unknown instruction"))
}
