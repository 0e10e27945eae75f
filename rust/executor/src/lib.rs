//! daicho-executor
pub mod sandbox;
