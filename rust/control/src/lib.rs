//! daicho-control
