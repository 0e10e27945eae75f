//! daicho-host
