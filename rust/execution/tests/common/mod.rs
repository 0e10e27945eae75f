//! What the tests of this crate share: an assembler from text to artefacts, an
//! encoder of literals that is independent of the crate's own codec, the context of
//! a call, the runner of text cases, and the fuzzing loop.
#![allow(dead_code)]

pub mod asm;
pub mod cases;
pub mod context;
pub mod fuzz;
pub mod literal;
pub mod random;

pub use random::Random;
