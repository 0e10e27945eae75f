//! The verifier: one pass over each function's bytes, a stack of types instead of
//! values, hard limits, and a meter of its own. What it accepts the machine runs
//! without looking types up; what it resolves is the flat code of [`crate::op`].

mod check;
mod control;
mod data;
mod numbers;
mod state;

use crate::limits::VERIFY_UNITS_PER_BYTE;
use crate::module::Module;
use crate::op::Op;
use crate::reader::Malformed;
use crate::types::TypeId;
use crate::value::Value;

use check::Checker;

/// Why an artefact is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The bytes do not parse.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A declaration breaks a rule.
    #[error("declaration breaks the rule: {0}")]
    Declaration(&'static str),
    /// An instruction breaks a rule.
    #[error("function {function}, pc {pc}: {rule}")]
    Code {
        /// Index of the function.
        function: u16,
        /// Byte offset in its code.
        pc: u32,
        /// What it breaks.
        rule: &'static str,
    },
    /// Verification would cost more than its bound.
    #[error("verification exceeds {VERIFY_UNITS_PER_BYTE} units per byte")]
    Meter,
}

/// A function ready to run.
#[derive(Clone, Debug)]
pub struct Flat {
    /// The instructions.
    pub(crate) ops: Vec<Op>,
    /// The byte offset that each instruction came from.
    pub(crate) pcs: Vec<u32>,
    /// Parameters.
    pub(crate) params: u16,
    /// Declared locals beside the parameters.
    pub(crate) locals: u16,
    /// Most operands at once.
    pub(crate) operands_max: u16,
}

impl Flat {
    /// Most values that a frame of it holds: parameters, locals, operands.
    pub(crate) fn room(&self) -> usize {
        usize::from(self.params) + usize::from(self.locals) + usize::from(self.operands_max)
    }
}

/// An artefact that passed: the only thing the machine runs.
#[derive(Clone, Debug)]
pub struct Verified {
    module: Module,
    pub(crate) functions: Vec<Flat>,
    pub(crate) constants: Vec<Value>,
    pub(crate) shapes: Vec<[u8; 32]>,
    units: u64,
}

impl Verified {
    /// The declarations.
    #[must_use]
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// What verification cost, in units; at most
    /// [`VERIFY_UNITS_PER_BYTE`] times the artefact's size.
    #[must_use]
    pub fn units(&self) -> u64 {
        self.units
    }

    /// The shape of a signature, to compare across contracts.
    pub(crate) fn signature(&self, params: &[TypeId], result: TypeId) -> Vec<[u8; 32]> {
        let shape = |id: &TypeId| self.shapes.get(*id as usize).copied().unwrap_or([0; 32]);
        params.iter().chain([&result]).map(shape).collect()
    }
}

/// Checks all code of a decoded artefact.
///
/// # Errors
/// The first broken rule, with its function and byte offset.
pub fn verify(module: &Module) -> Result<Verified, VerifyError> {
    let budget = VERIFY_UNITS_PER_BYTE * module.size_bytes as u64;
    // Declarations were walked once, each byte at most a few times.
    let mut units = module.size_bytes as u64;
    let mut constants: Vec<Value> = module
        .constants
        .iter()
        .map(|(_, value)| value.clone())
        .collect();
    let mut functions = Vec::with_capacity(module.functions.len());
    for index in 0..module.functions.len() {
        let checker = Checker::new(module, index, &mut constants, budget - units);
        let (flat, used) = checker.run()?;
        units += used;
        functions.push(flat);
    }
    let shapes = module.types.shapes();
    Ok(Verified {
        module: module.clone(),
        functions,
        constants,
        shapes,
        units,
    })
}
