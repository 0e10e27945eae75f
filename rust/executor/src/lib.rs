//! The executor: opens certified blocks, runs their calls, signs the results.

pub mod sandbox;
