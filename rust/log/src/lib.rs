//! daicho-log
