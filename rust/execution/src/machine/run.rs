//! The loop: control, locals and the most frequent instructions here, families
//! in the files beside.

use std::cmp::Ordering;

use daicho_types::limits::RECEIPT_RESULT_BYTES_MAX;

use super::{Failure, Machine};
use crate::codec;
use crate::fault::{self, Fault};
use crate::gas;
use crate::op::{Context, Op, Test};
use crate::trap::Trap;
use crate::value::Value;

impl Machine<'_> {
    /// Runs until the last frame returns, or a failure that no savepoint takes.
    pub(super) fn run(&mut self) -> Result<(), Trap> {
        loop {
            let ran = match &self.watch {
                Some(watch) if !watch.is_full() => self.run_watched(),
                _ => self.run_on(),
            };
            match ran {
                Ok(()) => return Ok(()),
                Err(trap) => self.catch(trap)?,
            }
        }
    }

    /// Short instructions in the loop beside, all others one by one.
    fn run_on(&mut self) -> Result<(), Trap> {
        while !self.frames.is_empty() {
            let op = self.straight()?;
            self.instruction(op)?;
        }
        Ok(())
    }

    /// Every instruction one by one, and the watch is told of it first, until it
    /// has seen enough.
    fn run_watched(&mut self) -> Result<(), Trap> {
        while let Some(frame) = self.frames.last_mut() {
            if self.watch.as_ref().is_none_or(|watch| watch.is_full()) {
                return self.run_on();
            }
            let op = *frame.flat.ops.get(frame.pc).ok_or(Trap::Internal)?;
            frame.pc += 1;
            let used = self.meter.used();
            self.meter.step()?;
            self.tell_watch(used);
            self.instruction(op)?;
        }
        Ok(())
    }

    /// The return at a function's last `end`, which nobody wrote, lies on whatever
    /// line came before it: it is not told.
    fn tell_watch(&mut self, used: u64) {
        let (Some(frame), Some(site)) = (self.frames.last(), self.site()) else {
            return;
        };
        let function = &frame.module.module().functions[usize::from(site.function)];
        let last_end = site.pc as usize + 1 == function.code.len();
        if let (false, Some(watch)) = (last_end, &mut self.watch) {
            watch.step(site.contract, site.function, site.pc, site.line, used);
        }
    }

    #[inline]
    fn instruction(&mut self, op: Op) -> Result<(), Trap> {
        match op {
            Op::Get(index) => {
                let value = self.local(index)?.clone();
                if matches!(value, Value::Unset) {
                    return Err(Trap::Unset);
                }
                self.push(value);
            }
            Op::Set(index) => *self.local(index)? = self.pop_for_local()?,
            Op::Int(small) => self.push(Value::Int(small.into())),
            Op::Const(index) => {
                let constant = self.frame()?.module.constants.get(index as usize);
                let value = constant.ok_or(Trap::Internal)?.clone();
                self.push(value);
            }
            Op::Binary(op, num) => {
                self.charge_binary(op)?;
                let (b, a) = (self.pop()?, self.pop()?);
                self.push(num.binary(op, a, b)?);
            }
            Op::Compare { test, paid } => self.compare(test, paid)?,
            Op::Jump(target) => self.jump(target)?,
            Op::JumpIf(target) => {
                if self.pop()?.bool()? {
                    self.jump(target)?;
                }
            }
            Op::JumpUnless(target) => {
                if !self.pop()?.bool()? {
                    self.jump(target)?;
                }
            }
            Op::Data(op) => self.data(op)?,
            Op::State(op) => self.state(op)?,
            Op::Text(op) => self.text(op)?,
            _ => self.rare(op)?,
        }
        Ok(())
    }

    fn rare(&mut self, op: Op) -> Result<(), Trap> {
        match op {
            Op::Unreachable => return Err(Trap::Unreachable),
            Op::Nop => {}
            Op::Branch {
                target,
                height,
                keep,
            } => self.branch(target, height, keep)?,
            Op::BranchIf {
                target,
                height,
                keep,
            } => {
                if self.pop()?.bool()? {
                    self.branch(target, height, keep)?;
                }
            }
            Op::Return { keep } => self.give_back(keep)?,
            Op::ReturnIf { keep } => {
                if self.pop()?.bool()? {
                    self.give_back(keep)?;
                }
            }
            Op::Attempt { end } => self.attempt(end)?,
            Op::AttemptEnd => self.attempt_end()?,
            Op::Call(function) => self.call_own(function)?,
            Op::CallImport(index) => {
                self.meter.charge(gas::CALL_IMPORT)?;
                self.enter_import(index)?;
            }
            Op::Fail(error) => return Err(self.fail(error)),
            Op::Require(error) => self.require(error)?,
            Op::Drop => drop(self.pop()?),
            Op::Dup => {
                let top = self.stack.last().ok_or(Trap::Internal)?.clone();
                self.push(top);
            }
            Op::Swap => {
                let (b, a) = (self.pop()?, self.pop()?);
                self.push(b);
                self.push(a);
            }
            Op::Tee(index) => {
                let top = self.stack.last().ok_or(Trap::Internal)?.clone();
                *self.local(index)? = top;
            }
            Op::Take(index) => {
                let value = if fault::is(Fault::TakeKeeps) {
                    self.local(index)?.clone()
                } else {
                    std::mem::take(self.local(index)?)
                };
                if matches!(value, Value::Unset) {
                    return Err(Trap::Unset);
                }
                self.push(value);
            }
            Op::Bool(flag) => self.push(Value::Bool(flag)),
            Op::Not | Op::And | Op::Or => self.logic(op)?,
            Op::Pick { max, paid } => self.pick(max, paid)?,
            Op::Context(op) => self.context(op)?,
            Op::Emit(event) => self.emit(event)?,
            _ => self.numeric(op)?,
        }
        Ok(())
    }

    fn local(&mut self, index: u16) -> Result<&mut Value, Trap> {
        let frame = self.frame()?;
        let (at, end) = (frame.base + usize::from(index), frame.operands);
        assert!(at < end, "the verifier knows every local");
        self.stack.get_mut(at).ok_or(Trap::Internal)
    }

    fn pop_for_local(&mut self) -> Result<Value, Trap> {
        let floor = self.frame()?.operands;
        if self.stack.len() <= floor {
            return Err(Trap::Internal);
        }
        self.pop()
    }

    fn jump(&mut self, target: u32) -> Result<(), Trap> {
        self.frames.last_mut().ok_or(Trap::Internal)?.pc = target as usize;
        Ok(())
    }

    fn branch(&mut self, target: u32, height: u16, keep: bool) -> Result<(), Trap> {
        let kept = if keep { Some(self.pop()?) } else { None };
        let height = self.frame()?.operands + usize::from(height);
        self.stack.truncate(height);
        self.stack.extend(kept);
        self.jump(target)
    }

    fn give_back(&mut self, keep: bool) -> Result<(), Trap> {
        let kept = if keep { Some(self.pop()?) } else { None };
        let frame = self.frames.pop().ok_or(Trap::Internal)?;
        self.stack.truncate(frame.base);
        self.stack.extend(kept);
        Ok(())
    }

    fn call_own(&mut self, function: u16) -> Result<(), Trap> {
        let here = *self.frame()?;
        let callee = here
            .module
            .functions
            .get(function as usize)
            .ok_or(Trap::Internal)?;
        self.meter
            .charge(gas::CALL + gas::per(callee.locals.into(), 8))?;
        self.enter(here.module, here.contract, here.caller, function)
    }

    /// Turns the top of the stack into the details of an error.
    fn fail(&mut self, error: u16) -> Trap {
        match self.failure_of(error) {
            Ok(failure) => {
                self.failure = Some(failure);
                Trap::Contract
            }
            Err(trap) => trap,
        }
    }

    fn failure_of(&mut self, error: u16) -> Result<Failure, Trap> {
        let module = self.frame()?.module.module();
        let declared = module.errors.get(error as usize).ok_or(Trap::Internal)?;
        let values = self.pop_many(declared.details.len())?;
        let mut details = Vec::new();
        for (ty, value) in declared.details.iter().zip(&values) {
            codec::encode(&module.types, *ty, value, &mut details)?;
        }
        self.meter.charge(gas::per(details.len(), 8))?;
        if details.len() > RECEIPT_RESULT_BYTES_MAX {
            return Err(Trap::Length);
        }
        Ok(Failure {
            code: declared.code,
            name: declared.name.clone().into(),
            details,
        })
    }

    fn require(&mut self, error: u16) -> Result<(), Trap> {
        let module = self.frame()?.module.module();
        let count = module
            .errors
            .get(error as usize)
            .ok_or(Trap::Internal)?
            .details
            .len();
        let at = self
            .stack
            .len()
            .checked_sub(count + 1)
            .ok_or(Trap::Internal)?;
        if !self.stack[at].clone().bool()? {
            return Err(self.fail(error));
        }
        self.stack.truncate(at);
        Ok(())
    }

    fn compare(&mut self, test: Test, paid: bool) -> Result<(), Trap> {
        let (b, a) = (self.pop()?, self.pop()?);
        let order = self.order(&a, &b, paid)?;
        let test = match test {
            Test::Lt if paid && fault::is(Fault::LtIsLe) => Test::Le,
            test => test,
        };
        self.push(Value::Bool(match test {
            Test::Eq => order == Ordering::Equal,
            Test::Ne => order != Ordering::Equal,
            Test::Lt => order == Ordering::Less,
            Test::Le => order != Ordering::Greater,
            Test::Gt => order == Ordering::Greater,
            Test::Ge => order != Ordering::Less,
        }));
        Ok(())
    }

    fn order(&mut self, a: &Value, b: &Value, paid: bool) -> Result<Ordering, Trap> {
        if paid {
            a.cmp_paid(b, &mut self.meter)
        } else {
            a.cmp_scalar(b)
        }
    }

    fn pick(&mut self, max: bool, paid: bool) -> Result<(), Trap> {
        let (b, a) = (self.pop()?, self.pop()?);
        let order = self.order(&a, &b, paid)?;
        let right = if max {
            order == Ordering::Less
        } else {
            order == Ordering::Greater
        };
        self.push(if right { b } else { a });
        Ok(())
    }

    fn logic(&mut self, op: Op) -> Result<(), Trap> {
        let top = self.pop()?.bool()?;
        let result = match op {
            Op::Not => !top,
            Op::And => self.pop()?.bool()? & top,
            _ => self.pop()?.bool()? | top,
        };
        self.push(Value::Bool(result));
        Ok(())
    }

    fn context(&mut self, op: Context) -> Result<(), Trap> {
        let frame = *self.frame()?;
        let value = match op {
            Context::Sender => Value::Id(self.tx.sender.party),
            Context::Caller => Value::Int(frame.caller.into()),
            Context::Contract => Value::Int(frame.contract.into()),
            Context::Height => Value::Int(self.tx.height.0.into()),
            Context::Time => Value::Int(self.tx.time.0.into()),
            Context::Roles => Value::Int(self.tx.sender.roles.into()),
            Context::HasRole(mask) => Value::Bool(self.tx.sender.roles & mask != 0),
            Context::Signed => {
                let party = self.pop()?.id()?;
                Value::Bool(self.tx.signer(party).is_some())
            }
            Context::SignedRole(mask) => {
                let party = self.pop()?.id()?;
                let signer = self.tx.signer(party);
                Value::Bool(signer.is_some_and(|signer| signer.roles & mask != 0))
            }
            Context::Random => self.random(frame.contract)?,
            Context::TxId if self.read_only => return Err(Trap::ReadOnly),
            Context::TimeOf => self.time_of()?,
            Context::Oracle { to, feed } => self.oracle(to, feed)?,
            Context::OracleMust { to, feed } => self.oracle_must(to, feed)?,
            Context::OracleTime { feed } => self.oracle_time(feed)?,
            Context::TxId => Value::Hash(std::sync::Arc::new(self.tx.tx_id)),
        };
        self.push(value);
        Ok(())
    }

    /// Unique to block, transaction, contract and tag; the seed comes from the
    /// epoch's secret, so nobody chooses it.
    fn random(&mut self, contract: u32) -> Result<Value, Trap> {
        if self.read_only {
            return Err(Trap::ReadOnly);
        }
        let tag = self.pop()?;
        let tag = tag.text()?;
        self.meter.charge(gas::RANDOM + gas::per(tag.len(), 16))?;
        let mut hash = blake3::Hasher::new_derive_key("daicho v1 contract random");
        hash.update(&self.tx.seed).update(&self.tx.alias);
        hash.update(&self.tx.lane.to_le_bytes())
            .update(&self.tx.sequence.to_le_bytes());
        hash.update(&contract.to_le_bytes()).update(tag);
        Ok(Value::Hash(std::sync::Arc::new(hash.finalize().into())))
    }
}
