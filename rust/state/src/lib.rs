//! daicho-state
