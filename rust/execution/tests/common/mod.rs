//! What the tests of this crate share: an assembler from text to artefacts, an
//! encoder of literals that is independent of the crate's own codec, and the
//! runner of text cases.
#![allow(dead_code)]

pub mod asm;
pub mod cases;
pub mod literal;
