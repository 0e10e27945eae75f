//! Structured control: blocks open and close, branches name a depth, and the
//! code they become jumps to absolute places.

use super::check::{Block, Broken, Checked, Checker, Shape, must, unknown};
use crate::op::Op;
use crate::types::{BOOL, INT, NO_TYPE, TypeId};

/// Where a branch goes.
enum Goal {
    Return,
    /// Backwards, to a place that is known.
    Start {
        at: usize,
        height: usize,
    },
    /// Forwards, to the end of the block at this position.
    End {
        block: usize,
        height: usize,
    },
}

impl Checker<'_> {
    pub(super) fn control(&mut self, opcode: u8) -> Checked {
        match opcode {
            0x00 => {
                self.emit(Op::Unreachable);
                self.dead = true;
                Ok(())
            }
            0x01 => self.apply(Op::Nop, &[], &[]),
            0x02 => {
                let result = self.result_id()?;
                self.open(Shape::Block, result)
            }
            0x03 => self.open(Shape::Loop, NO_TYPE),
            0x04 => self.open_if(),
            0x05 => self.open_else(),
            0x06 => self.close(),
            0x07 => self.branch(),
            0x08 => self.branch_if(),
            0x0A => self.give_back(),
            0x0B => self.call(),
            0x0C => self.call_import(),
            0x0F => self.open_attempt(),
            0x0D | 0x0E => self.abort(opcode == 0x0E),
            _ => unknown(),
        }
    }

    fn open_if(&mut self) -> Checked {
        let result = self.result_id()?;
        self.pop(BOOL)?;
        self.emit(Op::JumpUnless(u32::MAX));
        let condition = self.ops.len() - 1;
        self.open(Shape::If, result)?;
        self.blocks.last_mut().expect("just opened").to_else = Some(condition);
        Ok(())
    }

    /// Ends the `then` arm: its result must be there unless it left for good.
    fn open_else(&mut self) -> Checked {
        let is_if = self
            .blocks
            .last()
            .is_some_and(|block| block.shape == Shape::If);
        must(is_if, "else without if")?;
        let reached = !self.dead;
        let mut block = self.close_arm()?;
        if reached {
            self.emit(Op::Jump(u32::MAX));
            block.to_end.push(self.ops.len() - 1);
        }
        let condition = block.to_else.take().expect("an if holds its condition");
        self.point(condition, self.ops.len());
        block.shape = Shape::Else;
        self.blocks.push(block);
        self.dead = false;
        Ok(())
    }

    /// Takes the innermost block off, its stack checked and cut.
    fn close_arm(&mut self) -> Checked<Block> {
        if !self.dead {
            let result = self.innermost()?.result;
            self.pop_result(result)?;
            let height = self.innermost()?.height;
            must(
                self.stack.len() == height,
                "operands left over at the end of a block",
            )?;
        }
        let block = self.blocks.pop().ok_or(Broken::Rule("end without block"))?;
        self.stack.truncate(block.height);
        Ok(block)
    }

    fn close(&mut self) -> Checked {
        let was_dead = self.dead;
        let mut block = self.close_arm()?;
        if block.shape == Shape::Function {
            return self.close_function(&block, was_dead);
        }
        if block.shape == Shape::If {
            must(block.result == NO_TYPE, "if with a result needs else")?;
        }
        if block.shape == Shape::Attempt {
            self.attempts.pop();
            self.emit(Op::AttemptEnd);
        }
        block.to_end.extend(block.to_else);
        for jump in &block.to_end {
            self.point(*jump, self.ops.len());
        }
        self.dead = false;
        if block.shape == Shape::Attempt {
            return self.push(INT);
        }
        self.push_result(block.result)
    }

    /// The savepoint's instruction waits for the place after the block.
    fn open_attempt(&mut self) -> Checked {
        self.emit(Op::Attempt { end: u32::MAX });
        let savepoint = self.ops.len() - 1;
        self.attempts.push(self.blocks.len());
        self.open(Shape::Attempt, NO_TYPE)?;
        let block = self.blocks.last_mut().expect("just opened");
        block.to_end.push(savepoint);
        Ok(())
    }

    /// Nothing leaves an attempt but its end and a failure.
    fn stays_inside(&self, outermost: usize) -> Checked {
        let inside = self.attempts.last().is_none_or(|at| *at < outermost);
        must(inside, "a branch out of an attempt")
    }

    fn close_function(&mut self, block: &Block, was_dead: bool) -> Checked {
        assert!(
            block.to_end.is_empty(),
            "branches to the function's block return"
        );
        if !was_dead {
            self.emit(Op::Return {
                keep: block.result != NO_TYPE,
            });
        }
        must(!self.ops.is_empty(), "empty function")
    }

    fn innermost(&self) -> Checked<&Block> {
        self.blocks.last().ok_or(Broken::Rule("end without block"))
    }

    fn pop_result(&mut self, result: TypeId) -> Checked {
        if result == NO_TYPE {
            Ok(())
        } else {
            self.pop(result)
        }
    }

    fn push_result(&mut self, result: TypeId) -> Checked {
        if result == NO_TYPE {
            Ok(())
        } else {
            self.push(result)
        }
    }

    /// Writes the address into a jump that waited for it.
    fn point(&mut self, jump: usize, to: usize) {
        let to = u32::try_from(to).expect("bounded by the artefact's size");
        match &mut self.ops[jump] {
            Op::Jump(target)
            | Op::JumpIf(target)
            | Op::JumpUnless(target)
            | Op::Branch { target, .. }
            | Op::BranchIf { target, .. }
            | Op::Attempt { end: target } => *target = to,
            other => unreachable!("{other:?} waits for no address"),
        }
    }

    /// The goal of depth `d` and the type it takes along.
    fn goal(&mut self) -> Checked<(Goal, TypeId)> {
        let depth = self.reader.u16()? as usize;
        let position = self.blocks.len().checked_sub(depth + 1);
        let position = position.ok_or(Broken::Rule("branch to no block"))?;
        self.stays_inside(position)?;
        let block = &self.blocks[position];
        Ok(match block.shape {
            Shape::Function => (Goal::Return, block.result),
            Shape::Loop => (
                Goal::Start {
                    at: block.start,
                    height: block.height,
                },
                NO_TYPE,
            ),
            _ => (
                Goal::End {
                    block: position,
                    height: block.height,
                },
                block.result,
            ),
        })
    }

    fn branch(&mut self) -> Checked {
        let (goal, result) = self.goal()?;
        self.pop_result(result)?;
        let keep = result != NO_TYPE;
        let (target, height, waits) = match goal {
            Goal::Return => {
                self.emit(Op::Return { keep });
                self.dead = true;
                return Ok(());
            }
            Goal::Start { at, height } => (at, height, None),
            Goal::End { block, height } => (0, height, Some(block)),
        };
        let op = if self.stack.len() == height {
            Op::Jump(target as u32)
        } else {
            Op::Branch {
                target: target as u32,
                height: height as u16,
                keep,
            }
        };
        self.emit(op);
        self.wait(waits);
        self.dead = true;
        Ok(())
    }

    fn branch_if(&mut self) -> Checked {
        self.pop(BOOL)?;
        let (goal, result) = self.goal()?;
        self.pop_result(result)?;
        let keep = result != NO_TYPE;
        let (op, waits) = match goal {
            Goal::Return => (Op::ReturnIf { keep }, None),
            Goal::Start { at, height } if self.stack.len() == height => {
                (Op::JumpIf(at as u32), None)
            }
            Goal::End { block, height } if self.stack.len() == height => {
                (Op::JumpIf(0), Some(block))
            }
            Goal::Start { at, height } => (
                Op::BranchIf {
                    target: at as u32,
                    height: height as u16,
                    keep,
                },
                None,
            ),
            Goal::End { block, height } => (
                Op::BranchIf {
                    target: 0,
                    height: height as u16,
                    keep,
                },
                Some(block),
            ),
        };
        self.emit(op);
        self.wait(waits);
        self.push_result(result)
    }

    fn wait(&mut self, block: Option<usize>) {
        if let Some(block) = block {
            let jump = self.ops.len() - 1;
            self.blocks[block].to_end.push(jump);
        }
    }

    fn give_back(&mut self) -> Checked {
        self.stays_inside(0)?;
        let result = self.function.result;
        self.pop_result(result)?;
        self.emit(Op::Return {
            keep: result != NO_TYPE,
        });
        self.dead = true;
        Ok(())
    }

    fn call(&mut self) -> Checked {
        let index = self.reader.u16()?;
        let callee = self.module.functions.get(index as usize);
        let callee = callee.ok_or(Broken::Rule("no such function"))?;
        self.pop_all(&callee.params)?;
        self.emit(Op::Call(index));
        self.push_result(callee.result)
    }

    fn call_import(&mut self) -> Checked {
        let index = self.reader.u16()?;
        let import = self.module.imports.get(index as usize);
        let import = import.ok_or(Broken::Rule("no such import"))?;
        self.pop_all(&import.params)?;
        self.emit(Op::CallImport(index));
        self.push_result(import.result)
    }

    fn abort(&mut self, conditional: bool) -> Checked {
        let index = self.reader.u16()?;
        let error = self.module.errors.get(index as usize);
        self.pop_all(&error.ok_or(Broken::Rule("no such error"))?.details)?;
        if conditional {
            return self.apply(Op::Require(index), &[BOOL], &[]);
        }
        self.emit(Op::Fail(index));
        self.dead = true;
        Ok(())
    }
}
