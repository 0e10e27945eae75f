//! daicho-execution
