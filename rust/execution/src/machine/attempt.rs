//! Savepoints. What happens between a savepoint and a failure that it takes is as
//! if it had never run: rows, events, movements, timers, locals. Gas, steps and
//! memory stay used.

use super::{Machine, Movement, MovementKey};
use crate::fault::{self, Fault};
use crate::gas;
use crate::limits::SAVEPOINTS_MAX;
use crate::trap::Trap;
use crate::value::Value;

/// Where to go back to.
pub(super) struct Savepoint {
    /// Frames there were.
    frames: usize,
    /// Values there were on the stack, below the block's own operands.
    height: usize,
    /// The locals of the function, shared until they change.
    locals: Vec<Value>,
    /// Mark of the journal.
    rows: usize,
    /// Movements changed since the outermost savepoint.
    movements: usize,
    events: usize,
    timers: u32,
    /// The instruction after the block.
    end: u32,
}

/// What a movement was before a change.
pub(super) type MovedBefore = (MovementKey, Option<Movement>);

impl Machine<'_> {
    pub(super) fn attempt(&mut self, end: u32) -> Result<(), Trap> {
        let frame = *self.frame()?;
        let locals = self
            .stack
            .get(frame.base..frame.operands)
            .ok_or(Trap::Internal)?;
        self.meter
            .charge(gas::ATTEMPT + gas::per(locals.len(), 8))?;
        self.meter.allocate(locals.len(), 0)?;
        if self.savepoints.len() >= SAVEPOINTS_MAX {
            return Err(Trap::Depth);
        }
        let savepoint = Savepoint {
            frames: self.frames.len(),
            height: self.stack.len(),
            locals: locals.to_vec(),
            rows: self.journal.save(),
            movements: self.moved_before.len(),
            events: self.events.len(),
            timers: self.timers_set,
            end,
        };
        self.savepoints.push(savepoint);
        Ok(())
    }

    /// The block came to its end: what it did stays.
    pub(super) fn attempt_end(&mut self) -> Result<(), Trap> {
        self.savepoints.pop().ok_or(Trap::Internal)?;
        self.journal.keep();
        if self.savepoints.is_empty() {
            self.moved_before.clear();
        }
        self.push(Value::Int(0));
        Ok(())
    }

    /// Takes a failure back to the innermost savepoint; gives it on if there is
    /// none, or if it is one that nothing takes.
    pub(super) fn catch(&mut self, trap: Trap) -> Result<(), Trap> {
        if !trap.catchable() {
            return Err(trap);
        }
        let Some(savepoint) = self.savepoints.pop() else {
            return Err(trap);
        };
        let failure = self.failure.take();
        let code = failure.map_or_else(|| self.shown(trap).code(), |failure| failure.code);
        assert_ne!(code, 0, "a failure has a code");
        self.journal.revert(savepoint.rows);
        for (key, before) in self.moved_before.drain(savepoint.movements..).rev() {
            match before {
                Some(movement) => drop(self.movements.insert(key, movement)),
                None => drop(self.movements.remove(&key)),
            }
        }
        if !fault::is(Fault::AttemptKeepsEvents) {
            self.events.truncate(savepoint.events);
        }
        self.timers_set = savepoint.timers;
        self.frames.truncate(savepoint.frames);
        self.stack.truncate(savepoint.height);
        let frame = self.frames.last_mut().ok_or(Trap::Internal)?;
        frame.pc = savepoint.end as usize;
        let locals = self.stack.get_mut(frame.base..frame.operands);
        let locals = locals.ok_or(Trap::Internal)?;
        assert_eq!(locals.len(), savepoint.locals.len(), "the same function");
        if !fault::is(Fault::AttemptKeepsLocals) {
            for (local, saved) in locals.iter_mut().zip(savepoint.locals) {
                *local = saved;
            }
        }
        self.push(Value::Int(code.into()));
        Ok(())
    }

    /// A query says the same of what is absent and what it may not see.
    fn shown(&self, trap: Trap) -> Trap {
        match trap {
            Trap::Missing if self.read_only => Trap::Access,
            other => other,
        }
    }
}
