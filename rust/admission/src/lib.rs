//! daicho-admission
