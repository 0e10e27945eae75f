//! What a run went through, for coverage and traces. A machine without a watch
//! runs the loop that knows nothing of it; nothing here changes an outcome.

use std::collections::BTreeSet;

use daicho_types::ledger::Compartment;

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
    /// Only the trace is wanted, and no more lines of it.
    lines_max: Option<usize>,
    trace: Vec<Line>,
    /// The gas used when each line of the trace began, and when what was cut did.
    begun: Vec<u64>,
    cut: bool,
    touched: BTreeSet<Compartment>,
}

impl Watch {
    /// A watch of at most so many lines and of nothing else: once it is full, a run
    /// goes on at its full speed.
    #[must_use]
    pub fn of_lines(lines_max: usize) -> Self {
        Self {
            lines_max: Some(lines_max.min(TRACE_MAX)),
            ..Self::default()
        }
    }

    /// Every instruction that ran, ascending, if not only lines are wanted, but for the return at a function's
    /// last `end`, which stands for no line of the source.
    #[must_use]
    pub fn visited(&self) -> &BTreeSet<Visit> {
        &self.visited
    }

    /// The lines of the last call in the order they ran, repeated lines in a row
    /// as one; at most [`TRACE_MAX`] or as many as were wanted, the first ones.
    #[must_use]
    pub fn trace(&self) -> &[Line] {
        &self.trace
    }

    /// Whether the last call went on after its trace was full.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// The gas that the last call used before its first line, and for each line of
    /// its trace, from its beginning to that of the next; `used` is what the call
    /// used in all.
    #[must_use]
    pub fn gas(&self, used: u64) -> (u64, Vec<u64>) {
        let ends = self.begun.iter().skip(1).copied();
        let ends = ends.chain((!self.cut).then_some(used));
        let spent = self.begun.iter().zip(ends).map(|(begun, end)| end - begun);
        let before = self.begun.first().copied().unwrap_or(used);
        (before, spent.collect())
    }

    /// The compartments of every row that the last call read, scanned or wrote,
    /// whether or not it found one, and whether or not its changes were kept.
    #[must_use]
    pub fn touched(&self) -> &BTreeSet<Compartment> {
        &self.touched
    }

    /// A call begins: the trace is its own.
    pub(crate) fn begin(&mut self) {
        self.trace.clear();
        self.begun.clear();
        self.cut = false;
        self.touched.clear();
    }

    /// Whether no instruction is of interest any more.
    pub(crate) fn is_full(&self) -> bool {
        self.cut && self.lines_max.is_some()
    }

    /// The call ends, having touched these.
    pub(crate) fn end(&mut self, touched: BTreeSet<Compartment>) {
        self.touched = touched;
    }

    /// An instruction begins; `used` is the gas used before it.
    pub(crate) fn step(&mut self, contract: u32, function: u16, pc: u32, line: u32, used: u64) {
        if self.lines_max.is_none() {
            self.visited.insert((contract, function, pc, line));
        }
        let here = Line {
            contract,
            function,
            line,
        };
        if self.trace.last() == Some(&here) {
            return;
        }
        if self.cut {
            return;
        }
        self.begun.push(used);
        if self.trace.len() < self.lines_max.unwrap_or(TRACE_MAX) {
            self.trace.push(here);
        } else {
            self.cut = true;
        }
    }
}
