//! What a run went through, for coverage and traces. A machine without a watch
//! runs the loop that knows nothing of it; nothing here changes an outcome.

use std::collections::BTreeSet;

use crate::limits::TRACE_MAX;

/// A source line of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The contract.
    pub contract: u32,
    /// Index of the function.
    pub function: u16,
    /// From 1; 0 where the artefact does not say.
    pub line: u32,
}

/// An instruction that ran: contract, function, byte offset in its code, line.
pub type Visit = (u32, u16, u32, u32);

/// Collects over any number of calls.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    visited: BTreeSet<Visit>,
    trace: Vec<Line>,
    cut: bool,
}

impl Watch {
    /// Every instruction that ran, ascending, but for the return at a function's
    /// last `end`, which stands for no line of the source.
    #[must_use]
    pub fn visited(&self) -> &BTreeSet<Visit> {
        &self.visited
    }

    /// The lines of the last call in the order they ran, repeated lines in a row
    /// as one; at most [`TRACE_MAX`], the first ones.
    #[must_use]
    pub fn trace(&self) -> &[Line] {
        &self.trace
    }

    /// Whether the last call went on after its trace was full.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// A call begins: the trace is its own.
    pub(crate) fn begin(&mut self) {
        self.trace.clear();
        self.cut = false;
    }

    pub(crate) fn step(&mut self, contract: u32, function: u16, pc: u32, line: u32) {
        self.visited.insert((contract, function, pc, line));
        let here = Line {
            contract,
            function,
            line,
        };
        if self.trace.last() == Some(&here) {
            return;
        }
        if self.trace.len() < TRACE_MAX {
            self.trace.push(here);
        } else {
            self.cut = true;
        }
    }
}
