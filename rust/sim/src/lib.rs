//! daicho-sim
