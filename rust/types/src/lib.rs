//! daicho-types
