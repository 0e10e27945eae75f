//! daicho-executor
